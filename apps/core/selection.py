"""Field selection of the API: `fields=id,current_price.market_price` leaves only these in each row of an answer."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from apps.core.errors import InvalidInput

Tree = dict[str, "Tree"]
FIELDS = OpenApiParameter(
    "fields",
    str,
    description="names of the fields to answer, by comma, inner ones with a dot: `id,current_price.market_price`",
)
_LONGEST = 2000


def tree_of(serializer: type[serializers.Serializer]) -> Tree:
    """The fields of a serializer, those of inner objects below their name."""
    return _tree(serializer())


def _tree(serializer: serializers.BaseSerializer) -> Tree:
    if isinstance(serializer, serializers.ListSerializer):
        return _tree(serializer.child)
    fields = serializer.get_fields() if isinstance(serializer, serializers.Serializer) else {}
    return {
        name: _tree(each) if isinstance(each, serializers.BaseSerializer) else {}
        for name, each in fields.items()
        if not each.write_only
    }


def selection(request: Request, serializer: type[serializers.Serializer]) -> Tree | None:
    """What `fields` asks for, None where it does not. Raises InvalidInput, which names a field that is not there."""
    text = request.query_params.get("fields", "").replace("\x00", "")[:_LONGEST]
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        return None
    known, chosen = tree_of(serializer), Tree()
    for name in names:
        _choose(name, known, chosen)
    return chosen


def _choose(name: str, known: Tree, chosen: Tree) -> None:
    for part in name.split("."):
        if part not in known:
            given = name[:80]
            raise InvalidInput(
                f"fields: there is no {given!r}; known are {', '.join(known) or 'none inside of it'}.",
                field="fields", given=given, known=list(known),
            )  # fmt: skip
        known, chosen = known[part], chosen.setdefault(part, {})


def only(chosen: Tree | None, row: Any) -> Any:
    """The row (or each of a list of rows) with the chosen fields alone; an object that is chosen as a whole stays whole."""
    if not chosen:
        return row
    if isinstance(row, list):
        return [only(chosen, each) for each in row]
    if not isinstance(row, dict):
        return row
    return {name: only(inner, row[name]) for name, inner in chosen.items() if name in row}
