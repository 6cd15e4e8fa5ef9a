"""What a sale or a swap has to say to a bank: what was sold, where it went, what was said, and the pictures of it."""

from __future__ import annotations

import uuid

from apps.escrow.chargebacks.fields import TERMS
from apps.escrow.models import Dispute, Evidence, Hold
from apps.inventory.models import ItemPhoto
from apps.trades.models import Trade
from apps.trades.swaps.models import Side


def evidence_of(hold_id: uuid.UUID) -> tuple[dict[str, str], list[str]]:
    """(words by the processor's names, names of stored pictures) of what the hold was paid for."""
    hold = Hold.objects.select_related("payer").get(pk=hold_id)
    words = {
        "product_description": hold.description,
        "customer_name": str(hold.payer),
        "customer_email_address": hold.payer.email,
        "refund_policy_disclosure": TERMS,
        "shipping_date": _day(hold.shipped_at),
        "service_date": _day(hold.delivered_at),
    }
    pictures = list(Evidence.objects.filter(dispute__hold=hold).exclude(file="").values_list("file", flat=True))
    said = [
        f"Case: {case.statement}" + (f"\nAnswer: {case.answer}" if case.answer else "")
        for case in Dispute.objects.filter(hold=hold)
    ]
    if trade := Trade.objects.filter(hold=hold).select_related("buyer").first():
        words |= _address(trade.ship_to)
        if parcel := trade.shipments.order_by("-shipped_at").first():
            words |= {"shipping_carrier": parcel.carrier, "shipping_tracking_number": parcel.tracking_number}
        photos = ItemPhoto.objects.filter(item__trade_lines__trade=trade).order_by("pk")
        pictures += list(photos.values_list("file", flat=True))
        said += _messages(trade.messages.select_related("author"))
    elif side := Side.objects.filter(hold=hold).select_related("swap").first():
        theirs = side.swap.sides.get(member=side.swap.sender_to(side.member_id))  # the parcel that came to who paid
        words |= _address(side.ship_to) | {
            "shipping_carrier": theirs.carrier,
            "shipping_tracking_number": theirs.tracking_number,
            "shipping_date": _day(theirs.shipped_at),
            "service_date": _day(theirs.delivered_at),
        }
        photos = ItemPhoto.objects.filter(item__swap_lines__swap=side.swap).order_by("pk")
        pictures += list(photos.values_list("file", flat=True))
        said += _messages(side.swap.messages.select_related("author"))
    return {**words, "uncategorized_text": "\n".join(said)}, pictures


def _day(at: object) -> str:
    return f"{at:%Y-%m-%d}" if at else ""


def _address(ship_to: dict[str, str]) -> dict[str, str]:
    lines = ("name", "line1", "line2", "postal_code", "city", "region", "country")
    address = ", ".join(ship_to[line] for line in lines if ship_to.get(line))
    return {"shipping_address": address} | ({"customer_name": ship_to["name"]} if ship_to.get("name") else {})


def _messages(found: object) -> list[str]:
    return [f"{each.created_at:%Y-%m-%d %H:%M} {each.author or 'CardVault'}: {each.body}" for each in found]
