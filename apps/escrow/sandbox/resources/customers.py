"""Customers: who pays. Their cards are in payment_methods.py."""

from __future__ import annotations

from typing import Any

from apps.escrow.sandbox.books import Obj
from apps.escrow.sandbox.desk import Desk
from apps.escrow.sandbox.parameters import PAGING, anything, email, metadata, text
from apps.escrow.sandbox.resources.payment_methods import attach_to, resolve
from apps.escrow.sandbox.routes import listing, route
from apps.escrow.sandbox.shapes import ADDRESS, empty_address, merged_metadata

FIELDS = {
    "address": ADDRESS,
    "description": text,
    "email": email,
    "invoice_settings": anything,
    "metadata": metadata,
    "name": text,
    "phone": text,
    "preferred_locales": anything,
    "shipping": anything,
}


@route("POST", "/v1/customers", FIELDS | {"payment_method": text})
def create(desk: Desk, values: dict[str, Any]) -> Obj:
    """A new customer; `payment_method` is attached at once."""
    name = desk.name("cus")
    customer: Obj = {
        "id": name,
        "object": "customer",
        "address": (empty_address() | values["address"]) if values.get("address") else None,
        "balance": 0,
        "created": desk.now,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": values.get("description") or None,
        "discount": None,
        "email": values.get("email") or None,
        "invoice_prefix": name[-8:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": merged_metadata({}, values.get("metadata")),
        "name": values.get("name") or None,
        "next_invoice_sequence": 1,
        "phone": values.get("phone") or None,
        "preferred_locales": values.get("preferred_locales") or [],
        "shipping": values.get("shipping") or None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    desk.add(customer)
    desk.emit("customer.created", customer)
    if values.get("payment_method"):
        attach_to(desk, resolve(desk, values["payment_method"]), name)
    return customer


@route("GET", "/v1/customers/{id}")
def retrieve(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """One customer."""
    return desk.get("customer", identifier)


@route("POST", "/v1/customers/{id}", FIELDS)
def update(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """Change what is known of a customer."""
    customer = desk.get("customer", identifier)
    before = {name: customer[name] for name in values if name in customer}
    for name, value in values.items():
        customer[name] = merged_metadata(customer["metadata"], value) if name == "metadata" else (value or None)
    desk.save(customer)
    desk.emit("customer.updated", customer, before)
    return customer


@route("DELETE", "/v1/customers/{id}")
def delete(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """Forget a customer; their payments stay."""
    customer = desk.get("customer", identifier)
    desk.books.delete(identifier, desk.account)
    desk.emit("customer.deleted", customer)
    return {"id": identifier, "object": "customer", "deleted": True}


@route("GET", "/v1/customers", PAGING | {"email": text})
def index(desk: Desk, values: dict[str, Any]) -> Obj:
    """Customers, newest first, by address where given."""
    return listing(desk, "customer", values, "/v1/customers", email=values.get("email"))
