"""Files: what is uploaded as evidence for a bank. What is in them is not kept, only its size and its fingerprint."""

from __future__ import annotations

from typing import Any

from apps.escrow.sandbox.books import Obj
from apps.escrow.sandbox.desk import Desk
from apps.escrow.sandbox.errors import ApiError, wrong_parameter
from apps.escrow.sandbox.parameters import PAGING, anything, choice, text
from apps.escrow.sandbox.routes import listing, route

PURPOSES = ("dispute_evidence", "business_logo", "customer_signature", "identity_document")
TYPES = {b"\xff\xd8\xff": "jpg", b"\x89PNG": "png", b"%PDF": "pdf"}
LARGEST = 5 * 1024 * 1024


@route("POST", "/v1/files", {"file": anything, "purpose": choice(*PURPOSES), "file_link_data": anything}, "purpose")
def create(desk: Desk, values: dict[str, Any]) -> Obj:
    """Take a file of a form's upload: at most 5 MB, a JPEG, PNG or PDF."""
    given = values.get("file")
    if not isinstance(given, dict) or "sha256" not in given:
        raise wrong_parameter("Missing required param: file.", "file", "parameter_missing")
    kind = TYPES.get(bytes.fromhex(given["begins"])[:4]) or TYPES.get(bytes.fromhex(given["begins"])[:3])
    if values["purpose"] == "dispute_evidence" and kind is None:
        raise ApiError("Invalid file type: evidence must be a JPEG, PNG or PDF.", param="file")
    if given["size"] > LARGEST:
        raise ApiError("The file is too large: at most 5 MB for dispute_evidence.", code="file_too_large", param="file")
    name = desk.name("file")
    stored: Obj = {
        "id": name,
        "object": "file",
        "created": desk.now,
        "expires_at": None,
        "filename": given["filename"],
        "links": {"object": "list", "data": [], "has_more": False, "url": f"/v1/file_links?file={name}"},
        "purpose": values["purpose"],
        "size": given["size"],
        "title": None,
        "type": kind,
        "url": f"https://files.stripe.com/v1/files/{name}/contents",
    }
    return desk.add(stored, sha256=given["sha256"])


@route("GET", "/v1/files/{id}")
def retrieve(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """One file."""
    return desk.get("file", identifier)


@route("GET", "/v1/files", PAGING | {"purpose": text})
def index(desk: Desk, values: dict[str, Any]) -> Obj:
    """Files, newest first."""
    return listing(desk, "file", values, "/v1/files", purpose=values.get("purpose"))
