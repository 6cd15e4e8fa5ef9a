"""The portfolio's page, and the button that has its past worked out anew."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.inventory.portfolio import work
from apps.inventory.portfolio.allocation import allocation
from apps.inventory.portfolio.charts import value_chart
from apps.inventory.portfolio.forms import TOGETHER, PortfolioForm
from apps.inventory.portfolio.history import history
from apps.inventory.portfolio.holdings import holdings
from apps.inventory.portfolio.movers import movers
from apps.inventory.portfolio.sums import at_rates_of, summaries, together

PAGE_SIZE = 25
PERIOD_NAMES = {"30d": "30 days", "3m": "3 months", "1y": "1 year", "all": "All"}


@login_required
@require_safe
def portfolio(request: HttpRequest) -> HttpResponse:
    """Value over time, gain, movers, allocation, and each holding with its suggestion; one currency, or all in the member's."""
    sums = summaries(owner=request.user)
    working = work.standing(request.user.pk)
    if not any(each.copies or each.sold for each in sums):
        return render(request, "inventory/portfolio.html", {"summary": None})
    own = request.user.currency
    joined = together(owner=request.user, sums=sums)
    form = PortfolioForm(
        request.GET, currencies=[each.currency for each in sums], unit=own if joined is not None else ""
    )
    form.is_valid()
    wanted = form.wanted
    unit = own if wanted.currency == TOGETHER else ""
    shown = joined if unit and joined is not None else sums
    summary = next(each for each in shown if each.currency == (unit or wanted.currency))
    now = at_rates_of(sums, unit=unit, on=timezone.now().date()) if unit else summary
    told = history(owner=request.user, now=now, period=wanted.period, unit=unit)
    context = {
        "form": form,
        "wanted": wanted,
        "summary": summary,
        "unit": unit,
        "others": [each for each in shown if each is not summary],
        "parts": sums if unit else [],
        "now": timezone.now(),
        "chart": value_chart(told),
        "working": working,
        "periods": [
            {"label": name, "url": f"?{form.query(period=period)}", "current": period == wanted.period}
            for period, name in PERIOD_NAMES.items()
        ],
        "movers": movers(owner=request.user, currency=summary.currency, unit=unit),
        "allocation": allocation(owner=request.user, currency=summary.currency, unit=unit),
        "page": holdings(
            owner=request.user,
            currency=summary.currency,
            sort=wanted.sort,
            limit=PAGE_SIZE,
            offset=(wanted.page - 1) * PAGE_SIZE,
            unit=unit,
        ),
    }
    return render(request, "inventory/portfolio.html", context)


@login_required
@require_POST
def work_out(request: HttpRequest) -> HttpResponse:
    """Have today's day taken and the past estimated anew, by a worker."""
    if not work.ask(by=request.user):
        messages.info(request, "Your past is being worked out already.")
    return redirect("portfolio")


@login_required
@require_safe
def work_progress(request: HttpRequest) -> HttpResponse:
    """How far that is; the page is loaded anew once it is done."""
    working = work.standing(request.user.pk)
    answer = render(request, "inventory/partials/working.html", {"working": working})
    if request.htmx and (working is None or not working.goes_on):
        answer["HX-Refresh"] = "true"
    return answer
