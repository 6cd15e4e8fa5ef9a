"""A price against fair value, said in words. Pure."""

from __future__ import annotations

VERDICTS = {
    "great": "Under the usual range",
    "good": "Under fair value",
    "fair": "At fair value",
    "high": "Above the usual range",
}
"""By the tag of the search rows (the database's listings_verdict)."""


def deal_in_words(minor: int, fair: int | None, low: int | None, high: int | None) -> str:
    """What a price is against fair value and its interval, all in minor units; empty where fair value is not known."""
    if not fair or low is None or high is None:
        return ""
    percent = round(100 * abs(fair - minor) / fair)
    if minor < low:
        return f"{percent} % under fair value, below the usual range"
    if minor * 20 <= fair * 19:
        return f"{percent} % under fair value"
    if minor <= high:
        return "at fair value" if percent < 5 else f"{percent} % above fair value, within the usual range"
    return f"{percent} % above fair value, beyond the usual range"
