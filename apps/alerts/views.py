"""Web pages of alerts: what a member waits for, setting and changing it, and what they were told."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.alerts import actions, many, queries
from apps.alerts.forms import CARD_KINDS, INVENTORY_KINDS, SOURCES, ManyForm, RuleForm
from apps.alerts.many import Line
from apps.alerts.models import Rule
from apps.core.conditions import Condition
from apps.core.errors import DomainError
from apps.core.forms import tell
from apps.core.pagination import numbered

PAGE_SIZE = 50


def _chosen(request: HttpRequest, kinds: list[tuple[str, str]]) -> str:
    asked = request.GET.get("kind", "")
    return asked if asked in dict(kinds) else kinds[0][0]


@login_required
@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """What the member wants to be told of, in words, with the price of now."""
    limit, offset = numbered(request, size=PAGE_SIZE)
    page = queries.rules_page(owner=request.user, limit=limit, offset=offset)
    return render(request, "alerts/rules.html", {"page": page, "most": actions.MOST_RULES})


@login_required
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """What the member was told: the price then and now."""
    limit, offset = numbered(request, size=PAGE_SIZE)
    page = queries.history_page(owner=request.user, limit=limit, offset=offset)
    return render(request, "alerts/history.html", {"page": page})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_for_card(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Set an alert about a card; the kind is chosen by a link, so that each form asks only for what it needs."""
    product = queries.card(pk)
    kind = _chosen(request, CARD_KINDS)
    printings = queries.printings(product)
    variant = next((each for each in printings if str(each.pk) == request.GET.get("variant")), None)
    condition = request.GET.get("condition", "")
    initial: dict[str, object] = {"variant": variant or next(iter(printings), None)}
    if condition in Condition.values:
        initial["condition"] = condition
    form = RuleForm(request.POST or None, kind=kind, product=product, printings=printings, initial=initial)
    price = queries.price_of(
        product=product, variant=initial["variant"], condition=str(form["condition"].value() or "")
    )
    context = {"product": product, "kinds": CARD_KINDS, "kind": kind, "price": price, "variant": variant}
    return _set(request, form, context | {"condition": condition}, product=product)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_for_inventory(request: HttpRequest) -> HttpResponse:
    """Set an alert about the worth of the member's whole inventory."""
    kind = _chosen(request, INVENTORY_KINDS)
    return _set(request, RuleForm(request.POST or None, kind=kind), {"kinds": INVENTORY_KINDS, "kind": kind})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_for_many(request: HttpRequest) -> HttpResponse:
    """Set one alert for each of many cards. What is refused stays on the page with its reason, to be mended."""
    kind = _chosen(request, CARD_KINDS)
    source = request.GET.get("from", "")
    source = source if source in dict(SOURCES) else "list"
    initial = {"release": request.GET.get("set", "")[:120]}
    form = ManyForm(request.POST or None, kind=kind, source=source, initial=initial)
    context = {"kinds": CARD_KINDS, "kind": kind, "sources": SOURCES, "source": source, "set": initial["release"]}
    refused: list[Line] = []
    if request.method == "POST" and form.is_valid():
        try:
            lines = many.set_for_all(by=request.user, lines=_lines(request, form), terms=form.terms())
        except DomainError as error:
            tell(form, error)
        else:
            refused = [line for line in lines if line.error is not None]
            made = len(lines) - len(refused)
            if made:
                messages.success(request, f"{made} alert{' is' if made == 1 else 's are'} set.")
            if not refused:
                return redirect("alerts")
            if source == "list":
                # What is set is done: only what was refused is left to be mended.
                left = form.data.copy()
                left["text"] = "\n".join(line.told for line in refused)
                form.data = left
            context |= {"refused": refused, "made": made}
    fragment = request.htmx and not request.htmx.boosted
    template = "alerts/partials/many.html" if fragment else "alerts/many.html"
    status = 422 if form.errors or refused else 200
    return render(request, template, context | {"form": form}, status=status)


def _lines(request: HttpRequest, form: ManyForm) -> list[Line]:
    """The cards that the form names. Raises InvalidInput."""
    if form.source == "list":
        return many.typed(form.cleaned_data["text"])
    if form.source == "inventory":
        return many.of_inventory(request.user)
    return many.of_set(form.cleaned_data["release"].pk, missing_for=request.user if form.source == "missing" else None)


def _set(request: HttpRequest, form: RuleForm, context: dict[str, object], **subject: object) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.set_rule(by=request.user, kind=form.kind, **subject, **form.cleaned_data)
        except DomainError as error:
            tell(form, error)
        else:
            _say_what_is_watched(request, queries.rule_for(owner=request.user, pk=made.pk))
            return redirect("alerts")
    fragment = request.htmx and not request.htmx.boosted
    template = "alerts/partials/form.html" if fragment else "alerts/new.html"
    return render(request, template, context | {"form": form}, status=422 if form.errors else 200)


def _say_what_is_watched(request: HttpRequest, rule: Rule) -> None:
    if rule.must_come_back:
        messages.info(request, "The alert is set. The price stands past your line already: you are told the next time.")
    else:
        messages.success(request, "The alert is set.")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Change what an alert waits for; what it told stands below."""
    found = queries.rule_for(owner=request.user, pk=pk)
    printings = queries.printings(found.product) if found.product else []
    form = RuleForm(request.POST or None, kind=found.kind, product=found.product, printings=printings, rule=found)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_rule(rule=found, by=request.user, **form.cleaned_data)
        except DomainError as error:
            tell(form, error)
        else:
            _say_what_is_watched(request, queries.rule_for(owner=request.user, pk=pk))
            return redirect("alerts")
    fired = queries.history_page(owner=request.user, rule_id=pk, limit=20)
    context = {"rule": found, "form": form, "page": fired, "is_card": found.kind not in dict(INVENTORY_KINDS)}
    return render(request, "alerts/rule.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def set_on(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Pause an alert, or let it go on. HTMX gets its row back."""
    on = request.POST.get("on") == "yes"
    actions.set_on(rule=queries.rule_for(owner=request.user, pk=pk), on=on, by=request.user)
    if request.htmx and not request.htmx.boosted:
        return render(request, "alerts/partials/row.html", {"rule": queries.rule_for(owner=request.user, pk=pk)})
    messages.success(request, "The alert goes on from the price of now." if on else "The alert is paused.")
    return redirect("alerts")


@login_required
@require_POST
def delete(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Forget an alert."""
    actions.delete_rule(rule=queries.rule_for(owner=request.user, pk=pk), by=request.user)
    messages.success(request, "The alert is deleted; what it told stays in the history.")
    return redirect("alerts")
