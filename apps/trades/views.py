"""Web pages of buying: checkout, the lists, and the trade room with its actions."""

import uuid

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.actions import save_address
from apps.core.errors import DomainError, InvalidInput
from apps.core.ids import uuid7
from apps.escrow import actions as escrow
from apps.listings import queries as listings
from apps.trades import actions, queries
from apps.trades.forms import (
    AnswerForm,
    CheckoutForm,
    DisputeForm,
    EvidenceForm,
    MessageForm,
    ReviewForm,
    ShipForm,
)
from apps.trades.models import Trade


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest, listing: uuid.UUID) -> HttpResponse:
    """Copies, address, shipping and total; sending it reserves the copies and leads to the payment page."""
    offer = listings.listing_for(pk=listing, reader=request.user)
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
            form.add_error(None, error.message)
        else:
            if address is None:
                save_address(user=request.user, by=request.user, **form.address)
            return _to_payment(request, trade)
    shipping = listings.shipping_minor(offer, address.country if address else request.user.country)
    context = {
        "listing": offer,
        "form": form,
        "shipping_minor": shipping,
        "total_minor": None if shipping is None else offer.price_minor + shipping,
    }
    return render(request, "trades/checkout.html", context, status=422 if form.errors else 200)


def _to_payment(request: HttpRequest, trade: Trade) -> HttpResponse:
    """Lead the buyer to the payment page; where that fails the trade waits, and its room says why."""
    room = f"{settings.SITE_URL}{trade.get_absolute_url()}"
    try:
        payment = actions.pay(trade=trade, by=request.user, success_url=room, cancel_url=room)
    except DomainError as error:
        messages.error(request, f"{error.message} The copies stay reserved for you until the deadline.")
        return redirect(trade)
    return redirect(payment.checkout_url or trade.get_absolute_url())


@login_required
@require_safe
def trades(request: HttpRequest) -> HttpResponse:
    """The member's purchases and sales."""
    side = request.GET.get("side", "")
    page = queries.of_member(member=request.user, side=side)
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
        "payment": next(iter(sorted(found.hold.payments.all(), key=lambda p: -p.attempt)), None),
        "my_review": next((r for r in reviews if r.author_id == request.user.pk), None),
        "their_review": next((r for r in reviews if r.author_id != request.user.pk), None)
        if len(reviews) > 1
        else None,
        "ship_form": ShipForm(),
        "message_form": MessageForm(),
        "dispute_form": DisputeForm(),
        "answer_form": AnswerForm(),
        "evidence_form": EvidenceForm(),
        "review_form": ReviewForm(),
    }
    return render(request, "trades/room.html", context | forms, status=status)


@login_required
@require_POST
def pay(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """To the payment page again."""
    return _to_payment(request, queries.room(pk=pk, reader=request.user))


@login_required
@require_POST
def ship(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The parcel leaves."""
    found = queries.room(pk=pk, reader=request.user)
    form = ShipForm(request.POST)
    if form.is_valid():
        try:
            actions.ship(trade=found, by=request.user, **form.cleaned_data)
        except InvalidInput as error:
            form.add_error("tracking_number", error.message)
        else:
            messages.success(request, "The buyer is told that the parcel is on its way.")
            return redirect(found)
    return _room(request, pk, status=422, ship_form=form)


@login_required
@require_POST
def received(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The parcel is here."""
    found = actions.confirm_delivery(trade=queries.room(pk=pk, reader=request.user), by=request.user)
    messages.success(request, "Noted. Check the cards, then release the money.")
    return redirect(found)


@login_required
@require_POST
def release(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The buyer is content."""
    found = actions.release(trade=queries.room(pk=pk, reader=request.user), by=request.user)
    messages.success(request, "The money is released to the seller. Enjoy your cards.")
    return redirect(found)


@login_required
@require_POST
def cancel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Call it off."""
    found = actions.cancel(
        trade=queries.room(pk=pk, reader=request.user), by=request.user, reason=request.POST.get("reason", "")
    )
    messages.success(request, "The trade is cancelled.")
    return redirect(found)


@login_required
@require_POST
def give_back(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The seller returns the money."""
    found = actions.give_back(
        trade=queries.room(pk=pk, reader=request.user), by=request.user, reason=request.POST.get("reason", "")
    )
    messages.success(request, "The whole amount goes back to the buyer.")
    return redirect(found)


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The buyer takes the case back."""
    found = actions.withdraw_dispute(trade=queries.room(pk=pk, reader=request.user), by=request.user)
    messages.success(request, "The case is closed; the inspection begins anew.")
    return redirect(found)


@login_required
@require_POST
def dispute(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Report a problem: the clock stops and the money stays held."""
    found = queries.room(pk=pk, reader=request.user)
    form = DisputeForm(request.POST)
    if form.is_valid():
        actions.open_dispute(trade=found, by=request.user, **form.cleaned_data)
        messages.success(request, "The case is open. The other side has three days to answer.")
        return redirect(found)
    return _room(request, pk, status=422, dispute_form=form)


@login_required
@require_POST
def answer(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Answer the other side's case."""
    found = queries.room(pk=pk, reader=request.user)
    form = AnswerForm(request.POST)
    case = found.hold.disputes.filter(state="open").first()
    if case is not None and form.is_valid():
        escrow.answer_dispute(dispute=case, by=request.user, **form.cleaned_data)
        messages.success(request, "Your answer is with the case; a moderator decides.")
        return redirect(found)
    return _room(request, pk, status=422, answer_form=form)


@login_required
@require_POST
def evidence(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Add a photo or a note to the case."""
    found = queries.room(pk=pk, reader=request.user)
    form = EvidenceForm(request.POST, request.FILES)
    case = found.hold.disputes.filter(state__in=["open", "answered"]).first()
    if case is not None and form.is_valid():
        escrow.add_evidence(dispute=case, by=request.user, **form.cleaned_data)
        messages.success(request, "Added to the case.")
        return redirect(found)
    return _room(request, pk, status=422, evidence_form=form)


@login_required
@require_POST
def say(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Write a message."""
    found = queries.room(pk=pk, reader=request.user)
    form = MessageForm(request.POST)
    if form.is_valid():
        actions.say(trade=found, by=request.user, body=form.cleaned_data["body"])
        return redirect(reverse("trade", args=[pk]) + "#messages")
    return _room(request, pk, status=422, message_form=form)


@login_required
@require_POST
def review(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Say how it went."""
    found = queries.room(pk=pk, reader=request.user)
    form = ReviewForm(request.POST)
    if form.is_valid():
        actions.review(trade=found, by=request.user, **form.cleaned_data)
        messages.success(request, "Thank you. Both reviews show once both are in, or after 14 days.")
        return redirect(found)
    return _room(request, pk, status=422, review_form=form)
