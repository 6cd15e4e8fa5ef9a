"""What the app does when facts about accounts arrive: mail to the owner."""

from __future__ import annotations

from allauth.account.adapter import get_adapter

from apps.accounts.events import SignedInNewDevice
from apps.accounts.models import User
from apps.core.outbox import subscribe


@subscribe(SignedInNewDevice)
def tell_of_a_new_device(event: SignedInNewDevice) -> None:
    """Mail to the owner: from where, when, and what to do if it was somebody else."""
    user = User.objects.filter(pk=event.member_id, is_active=True).first()
    if user:
        told = {"device": event.device, "network": event.network, "at": event.at}
        get_adapter().send_mail("account/email/new_device", user.email, told)
