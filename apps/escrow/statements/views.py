"""Web pages of a member's account statement."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.escrow.statements import papers, queries
from apps.escrow.statements.periods import period_of

MOVEMENTS_SHOWN = 500


@login_required
@require_safe
def statement_now(request: HttpRequest) -> HttpResponse:
    """To this month's statement."""
    today = timezone.now()
    return redirect("money-month", today.year, today.month)


@login_required
@require_safe
@never_cache
def statement(request: HttpRequest, year: int, month: int = 0) -> HttpResponseBase:
    """A month or a year, on the page or as CSV."""
    period = period_of(year, month)
    known = queries.currencies_of(request.user)
    asked = request.GET.get("currency", "")
    found = queries.statement_of(member=request.user, period=period, currency=asked if asked in known else known[0])
    if request.GET.get("as") == "csv":
        return csv_answer(found)
    context = {
        "statement": found,
        "period": period,
        "currencies": known,
        "years": queries.years_of(request.user),
        "shown": found.movements[:MOVEMENTS_SHOWN],
    }
    return render(request, "escrow/statement.html", context)


def csv_answer(found: queries.Statement) -> StreamingHttpResponse:
    """The statement as a file."""
    answer = StreamingHttpResponse(papers.as_csv(found), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="account-{found.period.slug}-{found.currency}.csv"'
    return answer
