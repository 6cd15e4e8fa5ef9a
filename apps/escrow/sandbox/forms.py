"""Reads Stripe's form encoding: `a[b][0][c]=1` becomes nested dicts and lists. What the values mean: parameters.py."""

from __future__ import annotations

import hashlib
from email import message_from_bytes
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl


def decode(encoded: str) -> dict[str, Any]:
    """Nested values of a body or query string; every leaf is text. `a[]` appends, `a[0]` places."""
    root: dict[str, Any] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        if "[" not in name:
            root[name] = value
            continue
        head, *rest = name.replace("]", "").split("[")
        node: dict[str, Any] = root
        steps = [head, *rest]
        for step in steps[:-1]:
            below = node.get(step)
            if not isinstance(below, dict):
                below = node[step] = {}
            node = below
        node[steps[-1] or str(len(node))] = value
    return {key: _settled(value) for key, value in root.items()}


def decode_upload(content_type: str, body: bytes) -> dict[str, Any]:
    """The values of a form with files; of a file its name, size and fingerprint, and how it begins."""
    message = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body, policy=HTTP)
    values: dict[str, Any] = {}
    for part in message.iter_parts():
        name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True) or b""
        if part.get_filename():
            values[str(name)] = {
                "filename": part.get_filename(),
                "size": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
                "begins": content[:8].hex(),
            }
        else:
            values[str(name)] = content.decode("utf-8", "replace").strip()
    return values


def _settled(value: Any) -> Any:
    """Dicts whose keys are all numbers are lists."""
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() for key in value):
        return [_settled(value[key]) for key in sorted(value, key=int)]
    return {key: _settled(inner) for key, inner in value.items()}
