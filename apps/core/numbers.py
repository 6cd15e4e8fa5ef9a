"""Set codes and collector numbers as they stand on a card and as collectors write them."""

from django.utils.text import slugify


def set_code_of(code: str | None, name: str | None = "") -> str:
    """A set's code as collectors write it; "" for a code that only repeats the set's name (toys' themes have none)."""
    return "" if not code or code == slugify(name or "") else str(code)


def printed_number(number: str | None, set_code: str | None = "", set_name: str | None = "") -> str:
    """Set code and number as they stand on the card.

    One Piece numbers carry their set already; a catalogue's mark of a second picture (OP01-001_p1) becomes a word.
    """
    printed, _, mark = str(number or "").partition("_")
    kind = {"p": "alt art", "r": "reprint"}.get(mark[:1], mark)
    which = f" {mark[1:]}" if mark[1:].isdigit() and mark[1:] != "1" else ""
    code = set_code_of(set_code, set_name)
    parts = ["" if printed.startswith(f"{code}-") else code, printed, f"{kind}{which}" if kind else ""]
    return " ".join(part for part in parts if part)
