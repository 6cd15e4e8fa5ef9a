"""What risk notes when members change what is known of them."""

from apps.accounts.events import AddressSaved
from apps.accounts.models import Address, User
from apps.core.outbox import subscribe
from apps.risk import actions


@subscribe(AddressSaved)
def note_address(event: AddressSaved) -> None:
    """Whom else it is the address of is looked up when it matters."""
    address = Address.objects.filter(pk=event.address_id).first()
    member = User.objects.filter(pk=event.member_id).first()
    if address is not None and member is not None:
        actions.see_address(member.pk, address.as_text(), at=event.at)
        actions.note_act("address", by=member, at=event.at)
