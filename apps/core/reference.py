"""The API's reference as pages show it: an OpenAPI 3 schema read into groups of operations. No HTTP, no rendering."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_METHODS = ("get", "post", "put", "patch", "delete")
Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter, or one field of a body."""

    name: str
    kind: str
    place: str
    is_required: bool
    about: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation answers with one status."""

    status: str
    about: str
    fields: list[Field]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path."""

    anchor: str
    method: str
    path: str
    summary: str
    about: str
    needs_sign_in: bool
    parameters: list[Field]
    body: list[Field]
    is_upload: bool
    answers: list[Answer]


@dataclass(frozen=True, slots=True)
class Group:
    """Operations about one thing."""

    name: str
    operations: list[Operation]


def reference(schema: Schema) -> list[Group]:
    """All operations of an OpenAPI 3 document, grouped by their first tag in the order of the paths."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in schema.get("paths", {}).items():
        for method in _METHODS:
            if method in methods:
                operation = methods[method]
                tag = next(iter(operation.get("tags", [])), "other")
                groups.setdefault(tag, []).append(_operation(schema, path, method, operation))
    return [Group(name, operations) for name, operations in groups.items()]


def _operation(schema: Schema, path: str, method: str, operation: Schema) -> Operation:
    about = (operation.get("description") or "").strip()
    first, _, rest = about.partition("\n\n")
    contents = operation.get("requestBody", {}).get("content", {})
    body: Schema = contents.get("application/json") or next(iter(contents.values()), {})
    return Operation(
        anchor=operation.get("operationId", f"{method}-{path}"),
        method=method.upper(),
        path=path,
        summary=operation.get("summary") or " ".join(first.split()),
        about=rest.strip() if not operation.get("summary") else about,
        needs_sign_in=bool(operation.get("security")) and {} not in operation["security"],
        parameters=[_parameter(schema, each) for each in operation.get("parameters", [])],
        body=_fields(schema, body.get("schema", {}), "body"),
        is_upload=bool(contents) and "application/json" not in contents,
        answers=[_answer(schema, status, each) for status, each in operation.get("responses", {}).items()],
    )


def _parameter(schema: Schema, parameter: Schema) -> Field:
    parameter = _resolved(schema, parameter)
    return Field(
        name=parameter["name"],
        kind=_kind(schema, parameter.get("schema", {})),
        place=parameter.get("in", ""),
        is_required=bool(parameter.get("required")),
        about=parameter.get("description", ""),
    )


def _answer(schema: Schema, status: str, response: Schema) -> Answer:
    content: Schema = next(iter(response.get("content", {}).values()), {})
    return Answer(status, response.get("description", ""), _fields(schema, content.get("schema", {}), "answer"))


def _fields(schema: Schema, node: Schema, place: str) -> list[Field]:
    node = _resolved(schema, node)
    if node.get("type") == "array":
        node = _resolved(schema, node.get("items", {}))
    required = set(node.get("required", []))
    return [
        Field(name, _kind(schema, each), place, name in required, _resolved(schema, each).get("description", ""))
        for name, each in node.get("properties", {}).items()
    ]


def _resolved(schema: Schema, node: Schema) -> Schema:
    """The node itself, or what its `$ref` (also alone in an `allOf`) names."""
    parts = node.get("allOf") or []
    if len(parts) == 1:
        node = {**_resolved(schema, parts[0]), **{key: value for key, value in node.items() if key != "allOf"}}
    if "$ref" in node:
        name = node["$ref"].rsplit("/", 1)[-1]
        return schema.get("components", {}).get("schemas", {}).get(name, {})
    return node


def _kind(schema: Schema, node: Schema) -> str:
    """A type in words: `string (uuid)`, `list of integer`, `one of NM, LP`."""
    node = _resolved(schema, node)
    choices = node.get("oneOf") or node.get("anyOf")
    if choices:
        return " or ".join(dict.fromkeys(filter(None, (_kind(schema, each) for each in choices))))
    if "enum" in node:
        values = [str(each) for each in node["enum"] if each not in ("", None)]
        return f"one of {', '.join(values)}" if values else ""
    if node.get("type") == "array":
        return f"list of {_kind(schema, node.get('items', {})) or 'anything'}"
    kind = node.get("type", "object" if node.get("properties") else "")
    return f"{kind} ({node['format']})" if node.get("format") else str(kind)
