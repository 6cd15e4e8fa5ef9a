"""Web pages of swaps: the list, the builder with its two piles, and the room with its steps."""

from __future__ import annotations

import uuid
from functools import partial

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts import queries as accounts
from apps.accounts.actions import save_address
from apps.accounts.models import User
from apps.core import parts
from apps.core.errors import DomainError, NotFound
from apps.core.forms import tell
from apps.core.ids import uuid7
from apps.core.pagination import numbered
from apps.escrow.cards.choosing import cards_of, chosen
from apps.trades.rooms import IN_EVERY_ROOM, Room
from apps.trades.swaps import actions, cases, course, offered, queries, reviewing, rings, table
from apps.trades.swaps.forms import AddressForm, RingForm, SwapReviewForm, TableForm, address_of
from apps.trades.swaps.models import Swap
from apps.trades.swaps.states import SwapState

PAGE_SIZE = 30
MOST_SHOWN = 60  # items of a pile; the search finds the others


@login_required
@require_safe
def swaps(request: HttpRequest) -> HttpResponse:
    """The member's swaps: proposals, what is under way, what is over."""
    limit, offset = numbered(request, size=PAGE_SIZE)
    page = queries.of_member(member=request.user, limit=limit, offset=offset)
    rows = [(swap, queries.next_step(swap, request.user), queries.seen_by(swap, request.user)) for swap in page.rows]
    return render(request, "swaps/swaps.html", {"page": page, "rows": rows})


@login_required
@require_safe
def matches(request: HttpRequest) -> HttpResponse:
    """Swaps that suit the member and who they would be with, best first."""
    has_rings = parts.is_on(parts.RINGS, request.user)
    found = offered.matches_of(member=request.user, rings=has_rings)
    return render(request, "swaps/matches.html", {"matches": found, "has_rings": has_rings})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Put cards on the table for a member: mine, theirs, cash, and how fair it is."""
    other = accounts.member(pk)
    if other.pk == request.user.pk:
        return redirect("haves")
    return _builder(request, other, None)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def counter(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Answer with other terms, starting from what was proposed."""
    found = queries.room(pk=pk, reader=request.user)
    if not queries.may(found, request.user)["counter"]:
        return redirect(found)
    return _builder(request, found.proposer, found)


def _builder(request: HttpRequest, other: User, former: Swap | None) -> HttpResponse:
    chosen = table.copies_on_table(former) if former else table.copies_asked(request.GET)
    find = request.GET.get("find", "")[:80]
    shown = {"viewer": request.user, "find": find, "keep": chosen, "former": former, "limit": MOST_SHOWN}
    mine, theirs = table.table_items(owner=request.user, **shown), table.table_items(owner=other, **shown)
    initial = {"request_key": str(uuid7())}
    if former is not None:
        pays = former.cash_from(request.user.pk)
        initial |= {"cash_minor": abs(former.cash_minor), "cash_by": "me" if pays or not former.cash_minor else "them"}
    form = TableForm(request.POST or None, mine=mine, theirs=theirs, chosen=chosen, initial=initial)
    usual = address_of(request.user)
    is_weighing = request.method == "POST" and "weigh" in request.POST
    address = AddressForm(request.POST if request.method == "POST" and not is_weighing else None, instance=usual)
    if request.method == "POST" and form.is_valid() and not is_weighing and address.is_valid():
        try:
            made = _placed(request, other, former, form, address)
        except NotFound:
            raise
        except DomainError as error:
            tell(form, error)
        else:
            if usual is None:
                save_address(user=request.user, by=request.user, **address.address)
            messages.success(request, f"{other} has your proposal.")
            return redirect(made)
    quantities = {**form.copies("give"), **form.copies("take")} if form.is_bound and form.is_valid() else chosen
    cash = form.cash if form.is_bound and form.is_valid() else -(former.cash_minor if former else 0)
    values = table.shown_values([*mine, *theirs])
    context = {
        "other": other,
        "former": former,
        "form": form,
        "address": address,
        "find": find,
        "piles": [
            ("give", "You give", [(*row, values.get(row[0].pk)) for row in form.rows("give")]),
            ("take", f"{other} gives", [(*row, values.get(row[0].pk)) for row in form.rows("take")]),
        ],
        "weighed": table.weigh(mine=mine, theirs=theirs, quantities=quantities, cash=cash),
    }
    if request.htmx and is_weighing:
        return render(request, "swaps/partials/balance.html", context)
    refused = request.method == "POST" and not is_weighing
    return render(request, "swaps/builder.html", context, status=422 if refused else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ring(request: HttpRequest, pk: uuid.UUID, last: uuid.UUID) -> HttpResponse:
    """Look at three piles that go round, as a match found them, and propose them to both others."""
    if not parts.is_on(parts.RINGS, request.user):
        return redirect("swap-matches")  # which says so
    other, third = accounts.member(pk), accounts.member(last)
    asked = request.POST if request.method == "POST" else request.GET
    piles = offered.ring_piles(asked, people=(request.user, other, third))
    usual = address_of(request.user)
    form = RingForm(request.POST or None, initial={"request_key": str(uuid7())})
    address = AddressForm(request.POST if request.method == "POST" else None, instance=usual)
    if request.method == "POST" and form.is_valid() and address.is_valid():
        terms = rings.RingTerms(*({item.pk: 1 for item in pile.items} for pile in piles))
        try:
            made = rings.propose_ring(
                other=other, third=third, terms=terms, ship_to=address.address, by=request.user, **form.cleaned_data
            )
        except NotFound:
            raise
        except DomainError as error:
            tell(form, error)
        else:
            if usual is None:
                save_address(user=request.user, by=request.user, **address.address)
            messages.success(request, f"{other} and {third} have your proposal.")
            return redirect(made)
    context = {"other": other, "third": third, "piles": piles, "form": form, "address": address}
    return render(request, "swaps/ring.html", context, status=422 if request.method == "POST" else 200)


def _placed(request: HttpRequest, other: User, former: Swap | None, form: TableForm, address: AddressForm) -> Swap:
    given = {
        "terms": form.terms,
        "ship_to": address.address,
        "by": request.user,
        "message": form.cleaned_data["message"],
    }
    if former is not None:
        return actions.counter(swap=former, **given)
    return actions.propose(to=other, request_key=form.cleaned_data["request_key"], **given)


@login_required
@require_safe
def swap(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The room: both piles, fairness, money, both parcels, cases, messages, and who acts next."""
    return _room(request, pk)


def _room(request: HttpRequest, pk: uuid.UUID, *, status: int = 200, **forms: object) -> HttpResponse:
    found = queries.room(pk=pk, reader=request.user)
    seen, may = queries.seen_by(found, request.user), queries.may(found, request.user)
    mine = ("You get", "You give", "Your side", f"The side of {seen.sender}")
    theirs = (f"{seen.me} gets", f"{seen.me} gives", f"The side of {seen.me}", f"The side of {seen.sender}")
    context = {
        "swap": found,
        "seen": seen,
        "titles": dict(zip(("gets", "gives", "mine", "theirs"), mine if seen.is_mine else theirs, strict=True))
        | {"third": f"The side of {seen.receiver}", "between": f"{seen.receiver} gives {seen.sender}"},
        "agree_label": "Agree to the ring" if found.is_ring else "Agree to the swap",
        "decline_label": "Decline" if may["answer"] else "Take my yes back",
        "arrived_label": f"The parcel of {seen.sender} has arrived" if found.is_ring else "Their parcel has arrived",
        "addresses": queries.addresses(found, request.user),
        "may": may,
        "next": queries.next_step(found, request.user),
        "under_review": queries.is_checked(found),
        "steps": queries.steps(found),
        "cases": queries.cases(found, request.user),
        "cards": cards_of(request.user) if found.state == SwapState.AGREED else [],
        "address_form": AddressForm(instance=address_of(request.user)),
        **room.empty(),
        **reviewing.written(found, request.user),
        **forms,
    }
    return render(request, "swaps/swap.html", context, status=status)


room = Room("swap", queries.room, _room, IN_EVERY_ROOM | {"review_form": SwapReviewForm})


@login_required
@require_POST
def agree(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Say yes, with the address that the cards go to."""
    found = queries.room(pk=pk, reader=request.user)
    form = AddressForm(request.POST, instance=address_of(request.user))
    if not form.is_valid():
        return _room(request, pk, status=422, address_form=form)
    act = partial(actions.agree, swap=found, ship_to=form.address, by=request.user)
    return room.do(request, found, act, "Agreed. When everybody has, the cards are reserved.")


decline = room.step(actions.decline, "Declined.", does="Say no.")
withdraw = room.step(actions.withdraw, "Withdrawn.", does="Take the proposal back.")
cancel = room.step(course.cancel, "Cancelled. All money goes back.", does="Call it off before a parcel leaves.")
content = room.step(course.content, "Noted. When all are content the cards change hands.", does="All is fine.")
withdraw_case = room.step(cases.withdraw_case, "The case is closed.", does="Take the objection back.")
ship = room.step(
    course.ship,
    "Who gets your parcel is told that it is on its way.",
    does="My parcel left.",
    form="ship_form",
)
object_to = room.step(
    cases.object_to,
    "The case is open. The other side has three days to answer.",
    does="Something is wrong with what came.",
    form="dispute_form",
)
answer = room.step(
    cases.answer_case,
    "Your answer is with the case. You settle it between you, or a moderator decides.",
    does="My view of the other's case.",
    form="answer_form",
)
evidence = room.step(
    cases.add_evidence,
    "Added to the case.",
    does="A photo or a note for the open case.",
    form="evidence_form",
)
review = room.step(
    reviewing.review,
    "Thank you. Reviews show once both are in, or after 14 days.",
    does="How it went with who sent my new cards.",
    form="review_form",
)
say = room.step(actions.say, "", does="Write to the other.", form="message_form", at="#messages")


@login_required
@require_POST
def pay(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """To the payment page."""
    found = queries.room(pk=pk, reader=request.user)
    here = f"{settings.SITE_URL}{found.get_absolute_url()}"
    try:
        payment = course.pay(swap=found, by=request.user, success_url=here, cancel_url=here, **chosen(request))
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(found)
    if payment.failure_message:
        messages.error(request, f"Your bank declined: {payment.failure_message}")
    return redirect(payment.checkout_url or payment.next_action_url or found.get_absolute_url())


@login_required
@require_POST
def received(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Their parcel is here."""
    found = queries.room(pk=pk, reader=request.user)

    def act() -> None:
        course.delivered(swap=found, sender_id=found.sender_to(request.user.pk), by=request.user)

    return room.do(request, found, act, "Noted. Check the cards, then say whether you are content.")
