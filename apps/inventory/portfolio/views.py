"""The portfolio's page, and the button that works its past out anew."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.inventory.portfolio import actions, queries
from apps.inventory.portfolio.charts import value_chart
from apps.inventory.portfolio.forms import PortfolioForm

PAGE_SIZE = 25
PERIOD_NAMES = {"30d": "30 days", "3m": "3 months", "1y": "1 year", "all": "All"}


@login_required
@require_safe
def portfolio(request: HttpRequest) -> HttpResponse:
    """Value over time, gain, movers, allocation, and each holding with its suggestion; one currency at a time."""
    sums = queries.summaries(owner=request.user)
    if not any(each.copies or each.sold for each in sums):
        return render(request, "inventory/portfolio.html", {"summary": None})
    form = PortfolioForm(request.GET, currencies=[each.currency for each in sums])
    form.is_valid()
    wanted = form.wanted
    summary = next(each for each in sums if each.currency == wanted.currency)
    told = queries.history(owner=request.user, now=summary, period=wanted.period)
    context = {
        "form": form,
        "wanted": wanted,
        "summary": summary,
        "others": [each for each in sums if each is not summary],
        "now": timezone.now(),
        "chart": value_chart(told),
        "periods": [
            {"label": name, "url": f"?{form.query(period=period)}", "current": period == wanted.period}
            for period, name in PERIOD_NAMES.items()
        ],
        "movers": queries.movers(owner=request.user, currency=summary.currency),
        "allocation": queries.allocation(owner=request.user, currency=summary.currency),
        "page": queries.holdings(
            owner=request.user,
            currency=summary.currency,
            sort=wanted.sort,
            limit=PAGE_SIZE,
            offset=(wanted.page - 1) * PAGE_SIZE,
        ),
    }
    return render(request, "inventory/portfolio.html", context)


@login_required
@require_POST
def work_out(request: HttpRequest) -> HttpResponse:
    """Take today's day now and estimate the past anew."""
    done = actions.work_out(by=request.user)
    days = "1 day" if done.estimated == 1 else f"{done.estimated} days"
    messages.success(request, f"Worked out anew: today, and {days} before the first that was taken.")
    return redirect("portfolio")
