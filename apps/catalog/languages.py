"""The languages that cards are printed in, by their code, in words."""

from __future__ import annotations

LANGUAGE_NAMES = {
    "en": "English", "ja": "Japanese", "fr": "French", "de": "German", "es": "Spanish", "it": "Italian", "ko": "Korean",
    "pt": "Portuguese", "ru": "Russian", "th": "Thai", "zh": "Chinese", "zh-tw": "Chinese (traditional)",
}  # fmt: skip
