"""Keeping, choosing and removing cards. The card is typed into the processor's page; we learn of it by asking there."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit
from apps.core.errors import Conflict, NotFound, NotYours
from apps.core.ids import uuid7
from apps.escrow import gateway
from apps.escrow.cards.models import Customer, SavedCard

MOST_CARDS = 10


def customer_of(user: User) -> str:
    """The member's id as the processor's customer, opened where there is none yet. Not inside a transaction.

    Raises GatewayError.
    """
    customer, _ = Customer.objects.get_or_create(user=user)
    if customer.stripe_id:
        return customer.stripe_id
    stripe_id = gateway.create_customer(
        email=user.email, name=str(user), user_id=str(user.pk), idempotency_key=f"customer:{customer.pk}"
    )
    Customer.objects.filter(pk=customer.pk, stripe_id__isnull=True).update(stripe_id=stripe_id)
    return str(Customer.objects.values_list("stripe_id", flat=True).get(pk=customer.pk))


def start_adding(*, user: User, success_url: str, cancel_url: str) -> str:
    """The address of the processor's page on which the member types a card to keep. Raises Conflict, GatewayError."""
    if SavedCard.objects.filter(user=user, removed_at__isnull=True).count() >= MOST_CARDS:
        raise Conflict(f"{MOST_CARDS} cards are kept at most. Remove one first.")
    page = gateway.create_setup(
        customer_id=customer_of(user),
        success_url=success_url,
        cancel_url=cancel_url,
        idempotency_key=f"setup:{user.pk}:{uuid7()}",
    )
    audit.record(action="card.add", target=user, by=user)
    return page.url or ""


def refresh_cards(*, user: User) -> None:
    """Bring our list in line with the processor's. Safe to repeat. Raises GatewayError."""
    customer = Customer.objects.filter(user=user, stripe_id__isnull=False).first()
    if customer is None:
        return
    there = gateway.list_cards(str(customer.stripe_id))
    with transaction.atomic():
        _locked_member(user)
        for card in there:
            SavedCard.objects.update_or_create(
                stripe_id=card.id,
                user=user,
                defaults={
                    "brand": card.brand[:40],
                    "last4": card.last4[:4],
                    "exp_month": card.exp_month,
                    "exp_year": card.exp_year,
                    "removed_at": None,
                },
            )
        gone = SavedCard.objects.filter(user=user, removed_at__isnull=True).exclude(
            stripe_id__in=[card.id for card in there]
        )
        gone.update(removed_at=timezone.now(), is_default=False)
        _have_a_default(user)


@transaction.atomic
def make_default(*, card: SavedCard, by: User) -> SavedCard:
    """The card that is offered first. Raises NotFound (somebody else's, or removed)."""
    _locked_member(by)
    found = own_card(pk=card.pk, by=by)
    SavedCard.objects.filter(user=by, is_default=True).update(is_default=False)
    found.is_default = True
    found.save(update_fields=["is_default"])
    audit.record(action="card.default", target=found, by=by)
    return found


def remove_card(*, card: SavedCard, by: User) -> None:
    """Have the processor forget it; nobody can pay with it any more. Safe to repeat. Raises NotFound, GatewayError."""
    found = SavedCard.objects.filter(pk=card.pk, user=by).first()
    if found is None:
        raise NotFound("This card is not one of yours.")
    if found.removed_at is not None:
        return
    # First with us: should the call fail, nobody pays with it all the same, and removing again finishes it.
    with transaction.atomic():
        _locked_member(by)
        SavedCard.objects.filter(pk=found.pk).update(removed_at=timezone.now(), is_default=False)
        _have_a_default(by)
        audit.record(action="card.remove", target=found, by=by)
    try:
        gateway.detach_card(card_id=found.stripe_id, idempotency_key=f"card:{found.pk}:detach")
    except gateway.GatewayError:
        SavedCard.objects.filter(pk=found.pk).update(removed_at=None)
        raise


def own_card(*, pk: UUID, by: User) -> SavedCard:
    """A card that the member can pay with. Raises NotFound."""
    found = SavedCard.objects.filter(pk=pk, user=by, removed_at__isnull=True).first()
    if found is None:
        raise NotFound("This card is not one of yours.")
    return found


def customer_for_method(method: str, payer: User) -> str:
    """The customer to name when paying with a payment method; empty for one that is kept for nobody.

    Raises NotYours for a card that is kept for somebody else, and for one that was removed.
    """
    kept = SavedCard.objects.filter(stripe_id=method).first()
    if kept is None:
        return ""
    if kept.user_id != payer.pk or kept.removed_at is not None:
        raise NotYours("This card is not one of yours.")
    return str(Customer.objects.values_list("stripe_id", flat=True).get(user=payer))


def _locked_member(user: User) -> None:
    Customer.objects.select_for_update(no_key=True).filter(user=user).first()


def _have_a_default(user: User) -> None:
    cards = SavedCard.objects.filter(user=user, removed_at__isnull=True)
    newest = cards.order_by("-created_at").first()
    if newest is not None and not cards.filter(is_default=True).exists():
        SavedCard.objects.filter(pk=newest.pk).update(is_default=True)
