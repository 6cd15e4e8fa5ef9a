"""Web pages of cases: the list, the case with all that was said and done, and its steps."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.core.errors import Conflict, InvalidInput, NotYours, TooLarge, UnsupportedType
from apps.core.forms import tell
from apps.core.pagination import numbered
from apps.escrow import actions
from apps.escrow.actions.moves import WrongState
from apps.escrow.cases import queries
from apps.escrow.cases.forms import AnswerForm, AppealForm, ContestForm, EvidenceForm, OfferForm, ParcelForm
from apps.escrow.cases.models import CaseOffer
from apps.escrow.models import Dispute, Evidence

PAGE_SIZE = 30
_FORMS: dict[str, type[forms.Form]] = {
    "answer": AnswerForm,
    "evidence": EvidenceForm,
    "appeal": AppealForm,
    "contest": ContestForm,
    "send": ParcelForm,
}
Act = Callable[..., object]


@login_required
@require_safe
def cases(request: HttpRequest) -> HttpResponse:
    """The member's cases, newest first."""
    limit, offset = numbered(request, size=PAGE_SIZE)
    page = queries.of_member(member=request.user, limit=limit, offset=offset)
    rows = [queries.seen_by(case, request.user) for case in page.rows]
    return render(request, "escrow/cases.html", {"page": page, "rows": rows})


@login_required
@require_safe
def case(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """What both say, whose turn it is, offers, decisions, parcels, and everything that happened."""
    return _page(request, pk)


@login_required
@require_safe
def document(request: HttpRequest, pk: uuid.UUID, piece: uuid.UUID) -> FileResponse:
    """A PDF of the case, to be kept and opened elsewhere: never shown in our own pages."""
    return handed_out(queries.document_of(pk=pk, piece=piece, reader=request.user))


def handed_out(piece: Evidence) -> FileResponse:
    """A stored PDF as a download."""
    file = default_storage.open(piece.file, "rb")
    return FileResponse(file, as_attachment=True, filename=f"evidence-{piece.pk}.pdf", content_type="application/pdf")


def _page(request: HttpRequest, pk: uuid.UUID, *, status: int = 200, **bound: forms.Form) -> HttpResponse:
    found = queries.case_for(pk=pk, reader=request.user)
    seen = queries.seen_by(found, request.user)
    context = {
        "seen": seen,
        "case": found,
        "hold": found.hold,
        "is_party": request.user.pk in (found.hold.payer_id, found.hold.payee_id),
        "room": queries.room_of(found),
        "goes_to": queries.parcel_goes_to(found, seen.parcel, request.user),
        "forms": {name: form() for name, form in _FORMS.items()} | {"offer": OfferForm(hold=found.hold)} | bound,
    }
    return render(request, "escrow/case.html", context, status=status)


def _step(name: str, act: Act, done: str) -> Callable[..., HttpResponse]:
    """A step of a case: its form checked, done, and back to the case, which says why where it is refused."""

    @login_required
    @require_POST
    def view(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        found = queries.case_for(pk=pk, reader=request.user)
        form = _form(name, request, found)
        if form is not None and not form.is_valid():
            return _page(request, pk, status=422, **{name: form})
        try:
            act(found, request, **(form.cleaned_data if form is not None else {}))
        except (Conflict, NotYours) as error:
            messages.error(request, error.message)
        except (InvalidInput, TooLarge, UnsupportedType) as error:
            if form is None:
                messages.error(request, error.message)
                return redirect("case", pk=pk)
            tell(form, error)
            return _page(request, pk, status=422, **{name: form})
        else:
            messages.success(request, done)
        return redirect("case", pk=pk)

    view.__name__, view.__doc__ = name, done
    return view


def _form(name: str, request: HttpRequest, case: Dispute) -> forms.Form | None:
    if name == "offer":
        return OfferForm(request.POST, hold=case.hold)
    chosen = _FORMS.get(name)
    return chosen(request.POST, request.FILES) if chosen is not None else None


def _open_offer(case: Dispute, request: HttpRequest) -> CaseOffer:
    """The offer that the reader answers: the one on the page, not one that came meanwhile."""
    found = next((each for each in case.offers.all() if str(each.pk) == request.POST.get("offer")), None)
    if found is None:
        raise WrongState("This offer is no longer open.")
    return found


STEPS: dict[str, tuple[Act, str]] = {
    "answer": (
        lambda case, request, **said: actions.answer_dispute(dispute=case, by=request.user, **said),
        "Your answer is with the case. Now settle it between you, or ask for a moderator.",
    ),
    "evidence": (
        lambda case, request, **said: actions.add_evidence(dispute=case, by=request.user, **said),
        "Added to the case.",
    ),
    "offer": (
        lambda case, request, **said: actions.offer(dispute=case, by=request.user, **said),
        "The other side has your offer and three days to answer.",
    ),
    "accept": (
        lambda case, request: actions.accept_offer(offer=_open_offer(case, request), by=request.user),
        "Agreed. It is carried out.",
    ),
    "decline": (
        lambda case, request: actions.decline_offer(offer=_open_offer(case, request), by=request.user),
        "Declined. It is the other side's turn.",
    ),
    "ask": (
        lambda case, request: actions.ask_moderator(dispute=case, by=request.user),
        "Noted. A moderator takes over once the other side asks too, or has let its time pass.",
    ),
    "withdraw": (
        lambda case, request: actions.withdraw_dispute(dispute=case, by=request.user),
        "The case is closed; the inspection begins anew.",
    ),
    "consent": (
        lambda case, request: actions.accept_ruling(dispute=case, by=request.user),
        "Noted. Once both have accepted, the decision is carried out.",
    ),
    "appeal": (
        lambda case, request, **said: actions.appeal(dispute=case, by=request.user, **said),
        "Another moderator looks at the case. The money stays held.",
    ),
    "send": (
        lambda case, request, **said: actions.send_parcel(dispute=case, by=request.user, **said),
        "The other side is told that the parcel is on its way.",
    ),
    "receive": (
        lambda case, request: actions.receive_parcel(dispute=case, by=request.user),
        "Noted. The money moves.",
    ),
    "contest": (
        lambda case, request, **said: actions.contest_parcel(dispute=case, by=request.user, **said),
        "A moderator decides. The money stays held.",
    ),
}

step_views = {name: _step(name, act, done) for name, (act, done) in STEPS.items()}
