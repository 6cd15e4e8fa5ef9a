"""What an endpoint accepts: small readers that turn form text into values or say what is wrong, as Stripe words it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from apps.escrow.sandbox.errors import wrong_parameter

Reader = Callable[[Any, str], Any]
Spec = dict[str, Reader]

# fmt: off
CURRENCIES = frozenset((
    "aud", "bgn", "brl", "cad", "chf", "czk", "dkk", "eur", "gbp", "hkd", "huf", "ils", "isk", "jpy", "krw", "mxn",
    "myr", "nok", "nzd", "pln", "ron", "sek", "sgd", "thb", "try", "twd", "usd", "zar",
))
# fmt: on


def text(value: Any, name: str) -> str:
    """Any string; the empty string stands for "unset" and is left to the endpoint."""
    if not isinstance(value, str):
        raise wrong_parameter(f"Invalid string: {value}", name)
    if len(value) > 5000:
        raise wrong_parameter(f"Invalid string: {value[:20]}...; must be at most 5000 characters", name)
    return value


def integer(value: Any, name: str) -> int:
    """A whole number in decimal digits."""
    try:
        return int(value)
    except (TypeError, ValueError):
        raise wrong_parameter(f"Invalid integer: {value}", name, "parameter_invalid_integer") from None


def amount(value: Any, name: str) -> int:
    """A positive number of minor units, at most eight digits as for a card charge."""
    number = integer(value, name)
    if number < 1:
        raise wrong_parameter("This value must be greater than or equal to 1.", name, "parameter_invalid_integer")
    if number > 99_999_999:
        raise wrong_parameter("Amount must be no more than $999,999.99", name, "amount_too_large")
    return number


def boolean(value: Any, name: str) -> bool:
    """`true` or `false`."""
    if value not in ("true", "false"):
        raise wrong_parameter(f"Invalid boolean: {value}", name)
    return bool(value == "true")


def currency(value: Any, name: str) -> str:
    """A three-letter code in lower case, one of those the sandbox settles."""
    code = text(value, name).lower()
    if code not in CURRENCIES:
        listed = ", ".join(sorted(CURRENCIES))
        raise wrong_parameter(f"Invalid currency: {code}. Stripe currently supports these currencies: {listed}", name)
    return code


def url(value: Any, name: str) -> str:
    """An absolute http or https address."""
    address = text(value, name)
    if not address.startswith(("http://", "https://")):
        raise wrong_parameter("Not a valid URL", name, "url_invalid")
    return address


def email(value: Any, name: str) -> str:
    """Something with an @ inside; empty means unset."""
    address = text(value, name)
    if address and "@" not in address.strip("@"):
        raise wrong_parameter(f"Invalid email address: {address}", name, "email_invalid")
    return address


def metadata(value: Any, name: str) -> dict[str, str]:
    """Up to 50 texts by name (40 and 500 characters); an empty value removes the name."""
    if value == "":
        return {}
    if not isinstance(value, dict) or not all(isinstance(inner, str) for inner in value.values()):
        raise wrong_parameter("Invalid metadata: it must be a flat set of texts", name)
    if len(value) > 50:
        raise wrong_parameter("You may only specify up to 50 metadata keys", name)
    for key, inner in value.items():
        if len(key) > 40 or len(inner) > 500:
            raise wrong_parameter(f"Metadata values can have up to 500 characters: {key}", f"{name}[{key}]")
    return value


def anything(value: Any, name: str) -> Any:
    """Accepted and carried as it is."""
    return value


def choice(*options: str) -> Reader:
    """One of a few words."""

    def read(value: Any, name: str) -> str:
        if value not in options:
            raise wrong_parameter(f"Invalid {name}: must be one of {', '.join(options)}", name)
        return str(value)

    return read


def many(inner: Reader) -> Reader:
    """A list, each member read by `inner`."""

    def read(value: Any, name: str) -> list[Any]:
        if value == "":
            return []
        if not isinstance(value, list):
            raise wrong_parameter("Invalid array", name)
        return [inner(member, f"{name}[{index}]") for index, member in enumerate(value)]

    return read


def group(spec: Spec, *required: str) -> Reader:
    """A nested object with its own accepted names."""

    def read(value: Any, name: str) -> dict[str, Any]:
        if value == "":
            return {}
        if not isinstance(value, dict):
            raise wrong_parameter("Invalid object", name)
        return accept(value, spec, required, prefix=name)

    return read


def instant(value: Any, name: str) -> dict[str, int]:
    """A time filter: an exact second, or bounds under gt, gte, lt, lte."""
    if isinstance(value, str):
        return {"gte": integer(value, name), "lte": integer(value, name)}
    bounds: dict[str, int] = group({bound: integer for bound in ("gt", "gte", "lt", "lte")})(value, name)
    return bounds


PAGING: Spec = {"limit": integer, "starting_after": text, "ending_before": text, "created": instant}


def accept(given: Mapping[str, Any], spec: Spec, required: tuple[str, ...] = (), *, prefix: str = "") -> dict[str, Any]:
    """Read every given value by its reader. Raises ApiError for an unknown name, a missing one or a wrong value."""

    def full(name: str) -> str:
        return f"{prefix}[{name}]" if prefix else name

    values: dict[str, Any] = {}
    for name, value in given.items():
        reader = spec.get(name)
        if reader is None:
            if name == "expand" and not prefix:
                continue
            raise wrong_parameter(f"Received unknown parameter: {full(name)}", full(name), "parameter_unknown")
        values[name] = reader(value, full(name))
    for name in required:
        if values.get(name) in (None, ""):
            raise wrong_parameter(f"Missing required param: {full(name)}.", full(name), "parameter_missing")
    return values
