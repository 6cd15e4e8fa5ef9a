"""What must not leave the process in logs, traces and reports of errors: secrets, and who somebody is. Pure.

The first rule is not to write it. This catches what slips in with the text of an exception or a careless field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

GONE = "[removed]"

PRIVATE_FIELDS = frozenset({
    "address", "authorization", "body", "card_number", "city", "cookie", "cookies", "credential", "data", "email", "first_name",
    "form", "full_name", "headers", "ip", "last_name", "line1", "line2", "login", "mail_address", "params", "password",
    "phone", "postal_code", "postcode", "recipient", "recipients", "remote_addr", "search", "secret", "session",
    "session_key", "street", "token", "url", "user_agent", "username", "zip",
})  # fmt: skip
"""Names of fields whose values are never written, whatever they hold."""

_NAMED = r"(?i)\b(password|passwd|secret|token|api[_-]?key|authorization|sessionid|csrftoken)"
_PATTERNS = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        # name@host, also with its @ encoded
        (r"[A-Za-z0-9._+-]+(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", "[e-mail]"),
        # what PostgreSQL says of a row, and pydantic of a value
        (r"(DETAIL|CONTEXT):[^\n]*", r"\1: " + GONE),
        (r"(input_value=).*?(?=, input_type|\]|$)", r"\1" + GONE),
        (r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]+)?", "[token]"),
        (r"\b(?:tk|whsec|[sr]k_live|[sr]k_test)_[\w-]{8,}", "[key]"),
        (r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}", r"\1 [token]"),
        (_NAMED + r"""(['"]?\s*[=:]\s*)['"]?[^\s'"&,;)}]+""", r"\1\2" + GONE),
        (r"(://)[^/\s:@]+:[^/\s@]+@", r"\1" + GONE + "@"),
    )
)


def scrubbed_text(text: str) -> str:
    """The text without e-mail addresses, keys, tokens, passwords and PostgreSQL's quotations of rows."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def scrubbed(value: Any) -> Any:
    """The same for what is nested: fields of private names lose their value, every text is scrubbed."""
    if isinstance(value, str):
        return scrubbed_text(value)
    if isinstance(value, Mapping):
        return {
            key: GONE if str(key).lower() in PRIVATE_FIELDS and each not in (None, "") else scrubbed(each)
            for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [scrubbed(each) for each in value]
    return value
