"""The signed links that stop e-mail without signing in: of one kind, or of all. They hold for good and can nothing else."""

from __future__ import annotations

import uuid

from django.core import signing

from apps.accounts.models import User
from apps.core.errors import NotFound
from apps.notifications.kinds import KINDS

_SALT = "notifications.unsubscribe"


def token_for(owner_id: uuid.UUID, kind: str = "") -> str:
    """A token for one kind, or for all e-mail that may be stopped."""
    return signing.dumps([str(owner_id), kind], salt=_SALT)


def read_token(token: str) -> tuple[User, str]:
    """Whose e-mail, and which kind (empty: all). Raises NotFound for what we did not sign, and for closed accounts."""
    try:
        owner, kind = signing.loads(token, salt=_SALT)
        found = User.objects.filter(pk=uuid.UUID(owner), is_active=True).first()
    except (signing.BadSignature, ValueError, TypeError):
        found = None
    if found is None or (kind and kind not in KINDS):
        raise NotFound("This link is none of ours, or what it was for is gone.")
    return found, kind
