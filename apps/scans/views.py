"""Web pages of scanning: send photos, watch, review, confirm. A visitor may do all but confirm."""

import secrets
import uuid

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.catalog.models import Variant
from apps.core.conditions import Condition
from apps.core.errors import DomainError, NotFound
from apps.scans import actions, queries
from apps.scans.forms import CardForm, ScanForm, card_forms
from apps.scans.models import DetectedCard, Scan

TOKEN = "visitor_token"  # noqa: S105 - the session's key, not a secret


def _reader(request: HttpRequest) -> dict[str, object]:
    """Who reads: a member (who takes over what they scanned before signing in) or this session's visitor."""
    token = request.session.get(TOKEN, "")
    if request.user.is_authenticated:
        if token:
            actions.claim(visitor_token=token, user=request.user)
            del request.session[TOKEN]
        return {"reader": request.user, "visitor_token": ""}
    return {"reader": None, "visitor_token": token}


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Drop, paste or take photos."""
    form = ScanForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        owner = request.user if request.user.is_authenticated else None
        if owner is None:
            request.session.setdefault(TOKEN, secrets.token_hex(24))
        try:
            scan = actions.start_scan(
                uploads=form.cleaned_data["photos"],
                owner=owner,
                visitor_token=request.session.get(TOKEN, ""),
                category=form.cleaned_data["game"],
            )
        except DomainError as error:
            form.add_error("photos", error.message)
        else:
            return redirect("scan", pk=scan.pk)
    who = _reader(request)["reader"]
    context = {"form": form, "recent": queries.recent(owner=who) if who else []}
    return render(request, "scans/new.html", context, status=422 if form.errors else 200)


def review_context(scan: Scan) -> dict[str, object]:
    """What the scan's page and its live fragment show."""
    return {
        "scan": scan,
        "progress": queries.progress_of(scan),
        "is_live": scan.state in {Scan.State.QUEUED, Scan.State.RUNNING},
        "conditions": Condition.choices,
    }


@require_safe
def scan(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Progress, then the review: the photo with its cards outlined, each beside its candidates."""
    found = queries.scan_for(pk=pk, **_reader(request))
    context = review_context(found)
    wanted = request.GET.get("card", "")
    if wanted and request.GET.get("q"):
        context |= {"searched_card": wanted, "results": queries.printings(text=request.GET["q"][:100])}
    template = "scans/partials/review.html" if request.htmx else "scans/scan.html"
    return render(request, template, context)


@require_http_methods(["GET", "HEAD", "POST"])
def card(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One detected card: GET with `q` searches printings for it, POST keeps what the member chose."""
    who = _reader(request)
    found = queries.card_for(pk=pk, **who)
    if request.method == "POST":
        form = CardForm(request.POST, prefix=str(pk))
        if form.is_valid():
            _keep(found, form, who["reader"])
    elif request.htmx:
        results = queries.printings(text=request.GET.get("q", "")[:100])
        return render(request, "scans/partials/results.html", {"card": found, "results": results})
    if not request.htmx:
        return redirect(f"/scan/{found.photo.scan_id}/#card-{pk}")
    return HttpResponse(status=204)


def _keep(found: DetectedCard, form: CardForm, by: object) -> None:
    chosen = form.cleaned_data
    variant = None
    if chosen["variant"] and chosen["variant"] != found.variant_id:
        variant = Variant.objects.filter(pk=chosen["variant"]).first()
        if variant is None:
            raise NotFound("This printing is not in the catalogue any more.")
    actions.choose(
        card=found,
        by=by,
        variant=variant,
        condition=chosen["condition"],
        quantity=chosen["quantity"],
        dismissed=chosen["dismissed"],
    )


@require_POST
def confirm(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Keep every choice of the form, then put the chosen cards into the inventory."""
    who = _reader(request)
    found = queries.scan_for(pk=pk, **who)
    cards = {c.pk: c for photo in found.photos.all() for c in photo.cards.all() if c.state != "confirmed"}
    for card_id, form in card_forms(request.POST, list(cards)).items():
        if form.is_valid():
            _keep(cards[card_id], form, who["reader"])
    if who["reader"] is None:
        messages.info(request, "Sign in or sign up to keep these cards; your scan waits for you.")
        return redirect_to_login(f"/scan/{pk}/")
    items = actions.confirm(scan=found, by=request.user)
    if not items:
        messages.info(request, "Nothing was added yet: choose a printing for at least one card.")
        return redirect("scan", pk=pk)
    copies = sum(item.quantity for item in items)
    messages.success(request, f"{copies} card{'s' if copies != 1 else ''} added to your inventory.")
    left = DetectedCard.objects.filter(photo__scan=pk, state=DetectedCard.State.OPEN).exists()
    return redirect("scan", pk=pk) if left else redirect("inventory")
