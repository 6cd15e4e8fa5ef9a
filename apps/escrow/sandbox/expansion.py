"""`expand[]`: puts objects where an answer has only their ids."""

from __future__ import annotations

from typing import Any

from apps.escrow.sandbox.books import Obj
from apps.escrow.sandbox.desk import Desk
from apps.escrow.sandbox.errors import wrong_parameter
from apps.escrow.sandbox.resources.balance import as_of
from apps.escrow.sandbox.resources.checkout import lines_of
from apps.escrow.sandbox.resources.refunds import of_charge

DEEPEST = 4


def expand(desk: Desk, answer: Obj, paths: list[str]) -> Obj:
    """Expand every path (`latest_charge.balance_transaction`, `data.source`) in place."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEEPEST + (answer.get("object") == "list"):
            raise wrong_parameter(f"You cannot expand more than {DEEPEST} levels of a property", "expand")
        _step(desk, answer, steps, path)
    return answer


def _step(desk: Desk, node: Any, steps: list[str], path: str) -> None:
    if isinstance(node, list):
        for member in node:
            _step(desk, member, steps, path)
        return
    if not steps or not isinstance(node, dict):
        return
    name, *rest = steps
    if name not in node and (added := _extra(desk, node, name)) is not None:
        node[name] = added
    if name not in node:
        raise wrong_parameter(f"This property cannot be expanded ({path}).", "expand")
    value = node[name]
    if isinstance(value, str):
        owner = desk.at(node["destination"]) if name == "destination_payment" else desk
        found = owner.find(value)
        if found is None:
            raise wrong_parameter(f"This property cannot be expanded ({path}).", "expand")
        value = node[name] = as_of(desk, found) if found["object"] == "balance_transaction" else found
        _step(owner, value, rest, path)
        return
    _step(desk, value, rest, path)


def _extra(desk: Desk, node: Obj, name: str) -> Obj | None:
    """Lists that an object only has when asked for."""
    if node.get("object") == "charge" and name == "refunds":
        return of_charge(desk, {}, node["id"])
    if node.get("object") == "checkout.session" and name == "line_items":
        return lines_of(desk, node["id"])
    return None
