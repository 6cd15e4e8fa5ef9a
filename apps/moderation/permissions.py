"""What roles may do in the admin, by permission: moderators look at everything and release what is parked."""

from __future__ import annotations

from django.contrib.auth.backends import BaseBackend

from apps.accounts.models import Role

# Beside every `view_…` permission. Money is moved by decisions on cases, never by editing rows.
MODERATORS = frozenset(
    {
        "accounts.see_as",
        "core.change_delivery",
        "notifications.change_dispatch",
        "notifications.change_mail",
        "notifications.change_webhookmessage",
        "escrow.change_webhookevent",
        "escrow.change_hold",
        "escrow.change_chargeback",
        "escrow.change_ledgeraccount",
        "escrow.change_settlement",
        "escrow.change_reconciliationrun",
        "escrow.change_reconciliationdifference",
    }
)


class RoleBackend(BaseBackend):
    """Grants the admin's permissions by the user's role; signs nobody in."""

    def has_perm(self, user_obj: object, perm: str, obj: object = None) -> bool:
        """Whether the role carries the permission."""
        role = getattr(user_obj, "role", None)
        if not getattr(user_obj, "is_active", False):
            return False
        if role == Role.ADMIN:
            return True
        return role == Role.MODERATOR and (perm.split(".")[-1].startswith("view_") or perm in MODERATORS)

    def has_module_perms(self, user_obj: object, app_label: str) -> bool:
        """Staff see every app's rows."""
        return getattr(user_obj, "is_active", False) and getattr(user_obj, "role", None) in {Role.MODERATOR, Role.ADMIN}
