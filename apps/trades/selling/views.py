"""Web pages of the seller's desk: orders to ship, pick list, slips and labels, tracking in bulk, statements."""

from __future__ import annotations

import csv

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts import queries as accounts
from apps.accounts.models import User
from apps.core.pagination import numbered
from apps.inventory.exchange.streams import attachment
from apps.trades.selling import orders, statement_papers, statements, taxes, tracking
from apps.trades.selling.addresses import lines_of
from apps.trades.selling.forms import ChosenForm, OrdersForm, TrackingForm
from apps.trades.selling.labels import SHEETS, address_labels
from apps.trades.selling.sending import pdf
from apps.trades.selling.slips import packing_slips
from apps.trades.selling.statement_papers import Statement

PAGE_SIZE = 100
MOVEMENTS_SHOWN = 300


@login_required
@require_safe
def to_ship(request: HttpRequest) -> HttpResponse:
    """Paid orders that wait for their parcel, the most urgent first."""
    form = OrdersForm(request.GET, seller=request.user)
    limit, offset = numbered(request, size=PAGE_SIZE)
    context = {
        "form": form,
        "page": orders.to_ship(seller=request.user, asked=form.asked, limit=limit, offset=offset),
        "counts": orders.counts(seller=request.user),
        "sheets": SHEETS,
        "kept": [(name, value) for name, value in request.GET.items() if name in form.fields and value],
    }
    return render(request, "trades/orders.html", context)


def _chosen(request: HttpRequest) -> tuple[list[orders.Order], dict[str, object]]:
    said = ChosenForm(request.GET).checked()
    asked = OrdersForm(request.GET, seller=request.user).asked
    return orders.chosen(seller=request.user, ids=said.pop("ids"), asked=asked), said


@login_required
@require_safe
def pick_list(request: HttpRequest) -> HttpResponse:
    """What to take from the shelves for many orders, each place visited once."""
    found, _ = _chosen(request)
    picks = orders.pick_list(found)
    context = {"orders": found, "picks": picks, "copies": sum(pick.quantity for pick in picks)}
    return render(request, "trades/orders_pick.html", context)


@login_required
@require_safe
def slips(request: HttpRequest) -> HttpResponseBase:
    """Packing slips of many orders as one PDF."""
    found, said = _chosen(request)
    made = packing_slips(found, paper=said["paper"], site=settings.SITE_NAME)
    return pdf(made, name="packing-slips.pdf")


@login_required
@require_safe
def labels(request: HttpRequest) -> HttpResponseBase:
    """Address labels of many orders as one PDF."""
    found, said = _chosen(request)
    made = address_labels(
        found, sheet=said["sheet"], skip=said["skip"], sender=sender_of(request.user), site=settings.SITE_NAME
    )
    return pdf(made, name="labels.pdf")


def sender_of(seller: User) -> list[str]:
    """The seller's own address as it stands on a label; nothing where none is kept."""
    address = accounts.addresses(user=seller).first()
    return lines_of(address.as_text()) if address else []


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def parcels(request: HttpRequest) -> HttpResponse:
    """Tracking in bulk: what each line becomes is told, before or after it is done."""
    if request.method == "POST":
        form = TrackingForm(request.POST, request.FILES)
        results = None
        if form.is_valid():
            look = request.POST.get("do") == "look"
            results = tracking.ship_many(lines=form.cleaned_data["lines"], by=request.user, only_look=look)
        context = {"form": form, "results": results, "said": _outcomes(results or [])}
        return render(request, "trades/orders_tracking.html", context, status=422 if form.errors else 200)
    found, _ = _chosen(request) if "order" in request.GET else ([], None)
    text = "".join(f"{each.number},,\n" for each in found)
    return render(request, "trades/orders_tracking.html", {"form": TrackingForm(initial={"text": text})})


def _outcomes(results: list[tracking.Result]) -> dict[str, int]:
    counted = {tracking.SHIPPED: 0, tracking.READY: 0, tracking.SAME: 0, tracking.REFUSED: 0}
    for result in results:
        counted[result.outcome] += 1
    return counted


@login_required
@require_safe
def parcels_form(request: HttpRequest) -> HttpResponse:
    """All orders that wait as a CSV file in which carrier and number are to be filled in."""
    found = orders.chosen(seller=request.user, ids=[])
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="tracking.csv"'
    writer = csv.writer(response)
    writer.writerow(["order", "carrier", "tracking number", "name", "country"])
    for order in found:
        address = order.trade.ship_to
        name = statement_papers.harmless(address.get("name", ""))
        writer.writerow([order.number, "", "", name, address.get("country", "")])
    return response


@login_required
@require_safe
def statement_now(request: HttpRequest) -> HttpResponse:
    """To this month's statement."""
    today = timezone.now()
    return redirect("statement-month", today.year, today.month)


@login_required
@require_safe
def statement(request: HttpRequest, year: int, month: int = 0) -> HttpResponseBase:
    """A month or a year from the ledger: on the page, as CSV, or as PDF."""
    period = statements.period_of(year, month)
    known = statements.currencies_of(seller=request.user)
    currency = request.GET.get("currency", "")
    currency = currency if currency in known else known[0]
    written = request.GET.get("as", "")
    told = told_of(seller=request.user, period=period, currency=currency, whole=written == "csv")
    name = f"statement-{period.slug}-{currency}"
    if written == "csv":
        return attachment(statement_papers.as_csv(told), name=f"{name}.csv")
    if written == "pdf":
        return pdf(statement_papers.as_pdf(told, site=settings.SITE_NAME), name=f"{name}.pdf")
    context = {
        "statement": told,
        "period": period,
        "currency": currency,
        "currencies": known,
        "years": statements.years_of(seller=request.user),
        "shown": told.movements[:MOVEMENTS_SHOWN],
    }
    return render(request, "trades/statement.html", context)


def told_of(*, seller: User, period: statements.Period, currency: str, whole: bool = False) -> Statement:
    """A statement: a month with its movements, a year with its months and thresholds; `whole`: a year's movements too."""
    asked = {"seller": seller, "period": period, "currency": currency}
    sums = statements.sums_of(**asked)
    movements = statements.movements_of(**asked) if period.month or whole else []
    if period.month:
        return Statement(str(seller), period, currency, sums, movements)
    every = {
        each: sums if each == currency else statements.sums_of(seller=seller, period=period, currency=each)
        for each in statements.currencies_of(seller=seller)
    }
    on = min(period.ends_at, timezone.now()).date()
    return Statement(
        str(seller), period, currency, sums, movements,
        months=statements.months_of(seller=seller, year=period.year, currency=currency),
        taxes=taxes.standing(country=seller.country, sums=every, on=on),
    )  # fmt: skip
