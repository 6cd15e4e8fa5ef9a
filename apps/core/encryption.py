"""Encryption of single fields: sealed text can be read with any of the keys and is written with the newest.

Fernet of the cryptography package: AES-128 in CBC mode with an HMAC-SHA256, so that a changed text is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models


class Unreadable(Exception):
    """A sealed text was changed, or none of the keys made it."""


@lru_cache(maxsize=4)
def _keys(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def _vault() -> MultiFernet:
    return _keys(tuple(settings.FIELD_KEYS))


def seal(text: str) -> str:
    """The text encrypted with the newest key; empty stays empty, which tells nothing that the length would not."""
    return _vault().encrypt(text.encode()).decode() if text else ""


def unseal(sealed: str) -> str:
    """The text of a sealed one. Raises Unreadable."""
    if not sealed:
        return ""
    try:
        return _vault().decrypt(sealed).decode()
    except InvalidToken:
        raise Unreadable("a sealed field cannot be read with any of FIELD_KEYS") from None


def is_current(sealed: str) -> bool:
    """Whether the newest key made it."""
    newest = Fernet(settings.FIELD_KEYS[0])
    try:
        newest.decrypt(sealed)
    except InvalidToken:
        return False
    return True


def mark_of(text: str, *, purpose: str) -> str:
    """A fingerprint by which a sealed value can be found again (HMAC-SHA256, 64 hex digits), another one per purpose.

    It depends on SECRET_KEY and not on the encryption keys, so that a rotation does not change it.
    """
    key = f"field-mark:{purpose}:{settings.SECRET_KEY}".encode()
    return hmac.new(key, text.strip().casefold().encode(), hashlib.sha256).hexdigest()


_SEALED = "sealed"


class SealedAddressField(models.JSONField):
    """An address as it was at a time, as a dict of texts. Only its country lies in the clear, for taxes and filters; the
    rest is sealed in one text. Empty ones stay empty. Nothing but the country can be looked up.
    """

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Reads."""
        return opened(super().from_db_value(value, expression, connection))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Writes."""
        return super().get_db_prep_value(closed(value), connection, prepared)


def closed(address: Any) -> Any:
    """The address as the database has it; what is none stays as it is."""
    if not isinstance(address, dict) or not address:
        return address
    rest = {name: text for name, text in address.items() if name != "country"}
    return {"country": address.get("country", ""), _SEALED: seal(json.dumps(rest))}


def opened(stored: Any) -> Any:
    """The address of a stored one. Raises Unreadable."""
    if not isinstance(stored, dict) or _SEALED not in stored:
        return stored
    return json.loads(unseal(stored[_SEALED])) | {"country": stored["country"]}


def is_stale(stored: str) -> bool:
    """Whether an address, as the database has it in JSON, is in the clear or sealed with an older key."""
    kept = json.loads(stored)
    return bool(kept) and not is_current(kept.get(_SEALED, ""))


class SealedTextField(models.TextField):
    """Text that lies encrypted in the database. `max_length` bounds the text itself; it cannot be filtered by."""

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        """Reads."""
        return None if value is None else unseal(value)

    def get_prep_value(self, value: object) -> str | None:
        """Writes."""
        return None if value is None else seal(str(value))

    def formfield(self, **kwargs: Any) -> Any:
        """One line, as for any short text."""
        return super().formfield(**{"widget": forms.TextInput, **kwargs})

    def get_lookup(self, lookup_name: str) -> type | None:
        """Nothing can be looked up by a text that is written differently each time."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def validate(self, value: object, model_instance: models.Model | None) -> None:
        """The text itself is bounded, not what is stored."""
        super().validate(value, model_instance)
        if self.max_length is not None and len(str(value)) > self.max_length:
            raise ValidationError(f"This has more than {self.max_length} characters.")
