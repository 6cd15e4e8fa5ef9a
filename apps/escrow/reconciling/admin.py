"""Reconciliation as moderators see it: runs by day, every difference with what to do, and its explanation."""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from apps.core import audit
from apps.core.errors import DomainError
from apps.escrow.admin_tables import ReadOnly, Rows, in_money
from apps.escrow.operating import SureForm, ask_then
from apps.escrow.reconciling.advice import what_to_do
from apps.escrow.reconciling.models import ReconciliationDifference, ReconciliationRun
from apps.escrow.reconciling.runs import explain, run


class DifferenceRows(Rows):
    """What a run found, as far as no later run found it too."""

    model = ReconciliationDifference
    fk_name = "last_run"
    fields = readonly_fields = ("subject", in_money("ours"), in_money("theirs"), "reason", "explained_by")


@admin.register(ReconciliationRun)
class ReconciliationRunAdmin(ReadOnly):
    """Runs by day."""

    list_display = ("day", "scope", "movements", "matched", "booked", "missed", "differing", "unexplained", "error")
    list_filter = ("day",)
    date_hierarchy = "day"
    ordering = ("-created_at",)
    inlines = (DifferenceRows,)
    actions_list = ("compare_everything",)

    @display(description=_("compared"))
    def scope(self, made: ReconciliationRun) -> str:
        """From when on."""
        return f"since {date_format(made.since)}" if made.since else "everything"

    @action(description=_("Compare everything now"), permissions=["change"])
    def compare_everything(self, request: HttpRequest) -> HttpResponse:
        """A run by hand, once it is confirmed."""

        def act() -> str:
            made = run(since=None)
            audit.record(action="reconciliation.run", target=made, by=request.user)
            return made.error or f"{made.movements} movements compared, {made.differing} differ."

        return ask_then(
            request,
            SureForm(request.POST if request.method == "POST" else None),
            act,
            title="Compare everything now",
            words="Every movement at the payment processor is fetched and compared with our books. This takes a while and"
            " books the processor's fees and payouts that are not booked yet; it moves no money.",
            submit="Compare everything",
            back=reverse("admin:escrow_reconciliationrun_changelist"),
        )


@admin.register(ReconciliationDifference)
class ReconciliationDifferenceAdmin(ReadOnly):
    """Every difference; a reason marks it as explained."""

    amounts = ("ours", "theirs")
    has_a_field_to_fill = True
    list_display = ("subject", "in_our_books", "at_the_processor", "what_to_do", "seen_since", "explained", "gone_at")
    list_filter = (("gone_at", admin.EmptyFieldListFilter), ("explained_at", admin.EmptyFieldListFilter), "currency")
    list_select_related = ("first_run", "explained_by")
    search_fields = ("subject", "reason")
    ordering = ("-created_at",)

    def get_readonly_fields(self, request: HttpRequest, obj: object = None) -> list[str]:
        """Every field but the reason."""
        return [*(name for name in super().get_readonly_fields(request, obj) if name != "reason"), "what_to_do"]

    @display(description=_("in our books"), ordering="ours")
    def in_our_books(self, difference: ReconciliationDifference) -> str:
        """Our figure."""
        return difference.said(difference.ours)

    @display(description=_("at the processor"), ordering="theirs")
    def at_the_processor(self, difference: ReconciliationDifference) -> str:
        """Theirs."""
        return difference.said(difference.theirs)

    @display(description=_("what to do"))
    def what_to_do(self, difference: ReconciliationDifference) -> str:
        """The advice."""
        return what_to_do(difference.subject, difference.ours, difference.theirs)

    @display(description=_("seen since"), ordering="created_at")
    def seen_since(self, difference: ReconciliationDifference) -> str:
        """The day on which it was found first."""
        return date_format(difference.first_run.day)

    @display(description=_("explained"), boolean=True, ordering="explained_at")
    def explained(self, difference: ReconciliationDifference) -> bool:
        """Whether somebody has said why."""
        return difference.explained_at is not None

    def save_model(self, request: HttpRequest, obj: ReconciliationDifference, form: object, change: bool) -> None:
        """The reason goes through the action, which checks it and writes it down."""
        try:
            explain(difference=obj, reason=obj.reason, by=request.user)
        except DomainError as error:
            self.message_user(request, error.message, messages.ERROR)
