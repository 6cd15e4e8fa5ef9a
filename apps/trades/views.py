"""Web pages of buying: checkout, the lists, the trade room with its actions, and a member as others see them."""

import uuid
from functools import partial

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts import queries as accounts
from apps.accounts.actions import save_address
from apps.accounts.standing.queries import standing_of
from apps.core.errors import Conflict, DomainError, InvalidInput, NotYours
from apps.core.forms import tell
from apps.core.ids import uuid7
from apps.core.pagination import numbered
from apps.escrow import fees
from apps.escrow.cards.choosing import cards_of, chosen
from apps.escrow.models import HoldState, Payment
from apps.listings import queries as listings
from apps.listings.models import Listing
from apps.listings.shipping import shipping_minor
from apps.trades import actions, queries
from apps.trades.forms import (
    CheckoutForm,
    DisputeForm,
    GiveBackForm,
    ReasonForm,
    ReviewForm,
)
from apps.trades.models import Trade
from apps.trades.reputation.reviews import is_time
from apps.trades.rooms import IN_EVERY_ROOM, Room

PAGE_SIZE = 30
SHELF_SIZE = 24


@require_safe
def member(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """What anybody may know of a member: their standing, what they offer, how it went for others."""
    found = accounts.member(pk)
    known = standing_of(pk)
    limit, offset = numbered(request, size=SHELF_SIZE)
    context = {
        "member": found,
        "standing": queries.standing(member=found),
        "known": known,
        "page": listings.public_page(seller_id=pk, limit=limit, offset=offset),
        "reviews": queries.visible_reviews(subject=found)[:12],
    }
    return render(request, "trades/member.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest, listing: uuid.UUID) -> HttpResponse:
    """Copies, address, shipping and total; sending it reserves the copies and leads to the payment page."""
    offer = listings.listing_for(pk=listing, reader=request.user)
    if request.method != "POST" and (offer.state != Listing.State.ACTIVE or offer.seller_id == request.user.pk):
        return redirect(offer)  # its page says why it cannot be bought
    address = request.user.addresses.filter(is_default=True).first()
    initial = {"request_key": str(uuid7()), "quantity": 1}
    form = CheckoutForm(request.POST or None, instance=address, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            trade = actions.buy(
                listing=offer,
                quantity=form.cleaned_data["quantity"],
                ship_to=form.address,
                by=request.user,
                request_key=form.cleaned_data["request_key"],
            )
        except DomainError as error:
            tell(form, error)
        else:
            if address is None:
                save_address(user=request.user, by=request.user, **form.address)
            return to_payment(request, trade)
    shipping = shipping_minor(offer, address.country if address else request.user.country)
    context = {
        "listing": offer,
        "form": form,
        "shipping_minor": shipping,
        "total_minor": None if shipping is None else offer.price_minor + shipping,
        "cards": cards_of(request.user),
    }
    return render(request, "trades/checkout.html", context, status=422 if form.errors else 200)


def to_payment(request: HttpRequest, trade: Trade) -> HttpResponse:
    """Lead the buyer to the payment page; where that fails the trade waits, and its room says why."""
    room = f"{settings.SITE_URL}{trade.get_absolute_url()}"
    try:
        payment = actions.pay(trade=trade, by=request.user, success_url=room, cancel_url=room, **chosen(request))
    except (Conflict, NotYours) as error:
        messages.error(request, error.message)
        return redirect(trade)
    except DomainError as error:
        messages.error(request, f"{error.message} The copies stay reserved for you until the deadline.")
        return redirect(trade)
    return redirect(_where_it_goes_on(request, payment) or trade.get_absolute_url())


def _where_it_goes_on(request: HttpRequest, payment: Payment) -> str:
    """The processor's page, the bank's question (3-D Secure), or nowhere: then how it went is said."""
    if payment.state == Payment.State.SUCCEEDED:
        messages.success(request, "Paid. The money is held until you have your parcel.")
    elif payment.state == Payment.State.FAILED:
        messages.error(request, f"Your bank declined: {payment.failure_message}")
    if payment.state not in {Payment.State.PENDING, Payment.State.ACTION}:
        return ""
    return payment.checkout_url or payment.next_action_url


@login_required
@require_safe
def trades(request: HttpRequest) -> HttpResponse:
    """The member's purchases and sales."""
    side = request.GET.get("side", "")
    limit, offset = numbered(request, size=PAGE_SIZE)
    page = queries.of_member(member=request.user, side=side, limit=limit, offset=offset)
    rows = [(trade, queries.next_step(trade)) for trade in page.rows]
    return render(request, "trades/trades.html", {"page": page, "rows": rows, "side": side})


@login_required
@require_safe
def trade(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The trade room: where it stands, who acts next, by when; parcels, messages, evidence."""
    return _room(request, pk)


def _room(request: HttpRequest, pk: uuid.UUID, *, status: int = 200, **forms: object) -> HttpResponse:
    found = queries.room(pk=pk, reader=request.user)
    disputes = list(found.hold.disputes.all())
    reviews = list(found.reviews.select_related("author"))
    context = {
        "trade": found,
        "hold": found.hold,
        "is_buyer": request.user.pk == found.buyer_id,
        "is_seller": request.user.pk == found.seller_id,
        "next": queries.next_step(found),
        "steps": queries.steps(found),
        "may": queries.may(found, request.user),
        "dispute": disputes[0] if disputes else None,
        **_money_of(found),
        "payment": next(iter(sorted(found.hold.payments.all(), key=lambda p: -p.attempt)), None),
        "my_review": next((r for r in reviews if r.author_id == request.user.pk), None),
        "their_review": next((r for r in reviews if r.author_id != request.user.pk), None)
        if len(reviews) > 1 or (reviews and found.closed_at and not is_time(found.closed_at, now=timezone.now()))
        else None,
        "cards": cards_of(request.user) if found.hold.state == HoldState.CREATED else [],
        **room.empty(),
        "give_back_form": GiveBackForm(initial={"request_key": str(uuid7())}),
        "review_form": ReviewForm(by_buyer=found.buyer_id == request.user.pk),
    }
    return render(request, "trades/room.html", context | forms, status=status)


def _money_of(trade: Trade) -> dict[str, int | None]:
    """Our fee and what the seller gets of this trade; None where nothing goes to the seller."""
    hold = trade.hold
    if hold.state in {HoldState.REFUNDED, HoldState.CANCELLED}:
        return {"fee_minor": None, "gets_minor": None}
    kept = hold.amount_minor - hold.refunded_minor
    fee = fees.fee_on_part(fee_minor=hold.fee_minor, part_minor=kept, amount_minor=hold.amount_minor)
    return {"fee_minor": fee, "gets_minor": kept - fee}


@login_required
@require_POST
def pay(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """To the payment page again."""
    return to_payment(request, queries.room(pk=pk, reader=request.user))


FORMS = IN_EVERY_ROOM | {"reason_form": ReasonForm, "give_back_form": GiveBackForm}
room = Room("trade", queries.room, _room, FORMS)

ship = room.step(
    actions.ship,
    "The buyer is told that the parcel is on its way.",
    does="The parcel leaves.",
    form="ship_form",
)
received = room.step(
    actions.confirm_delivery, "Noted. Check the cards, then release the money.", does="The parcel is here."
)
release = room.step(
    actions.release, "The money is released to the seller. Enjoy your cards.", does="The buyer is content."
)
cancel = room.step(actions.cancel, "The trade is cancelled.", does="Call it off.", form="reason_form")
give_back = room.step(
    actions.give_back,
    "The whole amount goes back to the buyer.",
    does="The seller returns the money.",
    form="reason_form",
)
give_back_late = room.step(
    actions.give_back_late,
    "It goes back to the buyer, and is taken from your payouts.",
    does="The seller gives a part or all back after the release.",
    form="give_back_form",
)
withdraw = room.step(
    actions.withdraw_dispute,
    "The case is closed; the inspection begins anew.",
    does="The buyer takes the case back.",
)
answer = room.step(
    actions.answer_dispute,
    "Your answer is with the case; a moderator decides.",
    does="Answer the other side's case.",
    form="answer_form",
)
evidence = room.step(
    actions.add_evidence,
    "Added to the case.",
    does="Add a photo or a note to the case.",
    form="evidence_form",
)
say = room.step(actions.say, "", does="Write a message.", form="message_form", at="#messages")


@login_required
@require_POST
def dispute(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Report a problem: the clock stops and the money stays held."""
    found = queries.room(pk=pk, reader=request.user)
    form = DisputeForm(request.POST)
    if form.is_valid():
        try:
            actions.open_dispute(trade=found, by=request.user, **form.cleaned_data)
        except (Conflict, InvalidInput) as error:
            if not queries.may(found, request.user)["dispute"]:
                messages.error(request, error.message)  # the room has no such form any more
                return redirect(found)
            tell(form, error)
        else:
            messages.success(request, "The case is open. The other side has three days to answer.")
            return redirect(found)
    return _room(request, pk, status=422, dispute_form=form)


@login_required
@require_POST
def review(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Say how it went."""
    found = queries.room(pk=pk, reader=request.user)
    form = ReviewForm(request.POST, by_buyer=found.buyer_id == request.user.pk)
    if not form.is_valid():
        return _room(request, pk, status=422, review_form=form)
    act = partial(actions.review, trade=found, by=request.user, **form.cleaned_data)
    return room.do(request, found, act, "Thank you. Both reviews show once both are in, or after 14 days.")
