"""What our OpenAPI schema says of every operation beyond its success: the errors that it may answer, in their one shape."""

from __future__ import annotations

from typing import Any

_METHODS = ("get", "post", "put", "patch", "delete")
_ERROR = {
    "type": "object",
    "description": "Every error has this shape. `code` is for programs, `message` for people.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "details", "timestamp"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "details": {"type": "object", "additionalProperties": {}},
                "timestamp": {"type": "string", "format": "date-time"},
            },
        }
    },
}
_WHEN = {
    "400": "Something that was sent cannot be used; `details` names it.",
    "401": "Sign in, refresh, or use another key.",
    "403": "The key lacks the scope, or the thing is somebody else's.",
    "404": "There is no such thing, or it is not yours to see.",
    "409": "It changed in the meantime.",
    "413": "What was sent is too large.",
    "415": "What was sent is of another type.",
    "429": "Too many requests: wait for Retry-After seconds.",
    "503": "A part is away for a moment; nothing was lost.",
}


def with_errors(result: dict[str, Any], generator: object, request: object, public: bool) -> dict[str, Any]:
    """Hook of drf-spectacular: add the errors that each operation may answer, as far as it does not name them itself."""
    result.setdefault("components", {}).setdefault("schemas", {})["Error"] = _ERROR
    for path, methods in result.get("paths", {}).items():
        for method in _METHODS:
            if method in methods:
                responses = methods[method].setdefault("responses", {})
                for status in _statuses(path, method, methods[method]):
                    responses.setdefault(status, _answer(status))
    return result


def _statuses(path: str, method: str, operation: dict[str, Any]) -> list[str]:
    found = ["400", "429", "503"]
    # A wrong key or token is refused wherever it is sent, where none is needed as well.
    found.append("401")
    if {} not in operation.get("security", [{}]):
        found.append("403")
    if "{" in path or method != "get" or any(map(_is_id, operation.get("parameters", []))):
        found.append("404")
    if method != "get":
        found += ["409", "413", "415"]
    return sorted(found)


def _is_id(parameter: dict[str, Any]) -> bool:
    schema = parameter.get("schema", {})
    return schema.get("items", schema).get("format") == "uuid"


def _answer(status: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": _WHEN[status], "content": {"application/json": {"schema": schema}}}
