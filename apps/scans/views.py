"""Web pages of scanning: send photos, watch, review, confirm. A visitor may do all but confirm."""

import mimetypes
import secrets
import uuid

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from limits import RateLimitItemPerHour
from rest_framework.exceptions import Throttled

from apps.catalog.models import Variant
from apps.core.conditions import Condition
from apps.core.errors import DomainError, InvalidInput, NotFound
from apps.core.throttling import address_of, guard
from apps.scans import actions, queries, states
from apps.scans.forms import NONE_OF_THESE, CardForm, ScanForm, card_forms
from apps.scans.models import DetectedCard, Scan
from apps.scans.waiting import QueueFull, TooManyWaiting

TOKEN = "visitor_token"  # noqa: S105 - the session's key, not a secret
_VISITORS_SCANS = RateLimitItemPerHour(60)  # from one address


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
    form = ScanForm(request.POST, request.FILES) if request.method == "POST" else ScanForm()
    refused: TooManyWaiting | QueueFull | None = None
    if request.method == "POST" and form.is_valid():
        owner = request.user if request.user.is_authenticated else None
        if owner is None:
            request.session.setdefault(TOKEN, secrets.token_hex(24))
        try:
            if owner is None:
                guard(request, _VISITORS_SCANS, "scan", address_of(request))
            scan = actions.start_scan(
                uploads=form.cleaned_data["photos"],
                owner=owner,
                visitor_token=request.session.get(TOKEN, ""),
                category=form.cleaned_data["game"],
            )
        except (TooManyWaiting, QueueFull) as error:
            if request.htmx:
                raise  # said beside the form, which keeps the photos
            refused = error
            form.add_error("photos", error.message)
        except DomainError as error:
            form.add_error("photos", error.message)
        except Throttled:
            form.add_error("photos", "That is a lot of scans for a visitor. Sign in to go on, or come back in an hour.")
        else:
            return redirect("scan", pk=scan.pk)
    who = _reader(request)["reader"]
    context = {"form": form, "recent": queries.recent(owner=who) if who else []}
    if refused is not None:
        headers = {"Retry-After": str(refused.details["retry_after_seconds"])}
        content = render_to_string("scans/new.html", context, request)
        return HttpResponse(content, status=refused.status, headers=headers)
    return render(request, "scans/new.html", context, status=422 if form.errors else 200)


def review_context(scan: Scan) -> dict[str, object]:
    """What the scan's page and its live fragment show; needs the scan of `queries.scan_for`."""
    photos = list(scan.photos.all())
    for photo in photos:
        for card in photo.cards.all():
            card.chosen, card.others = queries.choices(card)
    return {
        "scan": scan,
        "progress": queries.progress_of(scan),
        "is_live": scan.state in states.LIVE,
        "has_failed": any(photo.error for photo in photos),
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


@require_safe
def progress(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """How far a scan is, for the page that watches it; when all is done it makes the page ask for the review."""
    found, how_far = queries.watched(pk=pk, **_reader(request))
    context = {"scan": found, "progress": how_far, "is_live": found.state in states.LIVE, "by_itself": True}
    return render(request, "scans/partials/told.html", context)


@require_safe
@cache_control(private=True, max_age=3600)
def picture(request: HttpRequest, name: str) -> HttpResponse:
    """A photo of a scan or a card cut from one, for those whose scan it is. Other storages sign their addresses."""
    name = f"scans/{name}"
    if not queries.sees_picture(name=name, **_reader(request)):
        raise NotFound
    try:
        with default_storage.open(name) as file:
            content = file.read()
    except FileNotFoundError:
        raise NotFound from None
    return HttpResponse(content, content_type=mimetypes.guess_type(name)[0])


@require_http_methods(["GET", "HEAD", "POST"])
def card(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One detected card: GET with `q` searches printings for it, POST keeps what the member chose."""
    who = _reader(request)
    found = queries.card_for(pk=pk, **who)
    if request.method == "POST":
        form = CardForm(request.POST, prefix=str(pk))
        if not form.is_valid():
            raise InvalidInput(form.problem)
        _keep(found, form, who["reader"])
        if request.htmx:
            context = review_context(queries.scan_for(pk=found.photo.scan_id, **who))
            return render(request, "scans/partials/kept.html", context | {"card": queries.card_for(pk=pk, **who)})
    elif request.htmx:
        results = queries.printings(text=request.GET.get("q", "")[:100])
        return render(request, "scans/partials/results.html", {"card": found, "results": results})
    return redirect(f"{reverse('scan', args=[found.photo.scan_id])}#card-{pk}")


def _keep(found: DetectedCard, form: CardForm, by: object) -> None:
    """Keep what the form says where it differs from what is known."""
    told = form.cleaned_data
    changes: dict[str, object] = {}
    if told["variant"] == NONE_OF_THESE:
        if not found.is_none_of_these:
            changes["none_of_these"] = True
    elif told["variant"] and told["variant"] != found.variant_id:
        changes["variant"] = Variant.objects.filter(pk=told["variant"]).first()
        if changes["variant"] is None:
            raise NotFound("This printing is not in the catalogue any more.")
    if told["condition"] and told["condition"] != found.condition:
        changes["condition"] = told["condition"]
    if told["quantity"] and told["quantity"] != found.quantity:
        changes["quantity"] = told["quantity"]
    if told["dismissed"] != (found.state == DetectedCard.State.DISMISSED):
        changes["dismissed"] = told["dismissed"]
    if changes:
        actions.choose(card=found, by=by, **changes)


@require_POST
def confirm(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Keep every choice of the form, then put the chosen cards into the inventory."""
    who = _reader(request)
    found = queries.scan_for(pk=pk, **who)
    if not _keep_all(request, found, who["reader"]):
        return redirect("scan", pk=pk)
    if who["reader"] is None:
        messages.info(request, "Sign in or sign up to keep these cards; your scan waits for you.")
        return redirect_to_login(reverse("scan", args=[pk]))
    items = actions.confirm(scan=found, by=request.user)
    left = DetectedCard.objects.filter(photo__scan=pk, state=DetectedCard.State.OPEN).count()
    if items:
        copies = sum(item.quantity for item in items)
        messages.success(request, f"{copies} card{'s' if copies != 1 else ''} added to your inventory.")
    elif left:
        messages.info(request, "Nothing was added yet: choose a printing for at least one card.")
    else:
        messages.info(request, "These cards are in your inventory already.")
    return redirect("scan", pk=pk) if left else redirect("inventory")


def _keep_all(request: HttpRequest, found: Scan, by: object) -> bool:
    """Keep what the whole form says; False where something in it cannot be used, which is said."""
    cards = {c.pk: c for photo in found.photos.all() for c in photo.cards.all() if c.state != "confirmed"}
    problems = []
    for card_id, form in card_forms(request.POST, list(cards)).items():
        if not form.is_valid():
            problems.append(f"Card {cards[card_id].position + 1}: {form.problem}")
            continue
        try:
            _keep(cards[card_id], form, by)
        except actions.AlreadyKept:  # the same form came twice at once
            continue
    for problem in problems:
        messages.error(request, problem)
    return not problems


@require_POST
def again(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Look once more at the photos that could not be read."""
    try:
        actions.look_again(scan=queries.scan_for(pk=pk, **_reader(request)))
    except (TooManyWaiting, QueueFull) as error:
        messages.error(request, error.message)
    return redirect("scan", pk=pk)
