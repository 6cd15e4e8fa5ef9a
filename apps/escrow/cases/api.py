"""REST of cases, over the same actions and queries as the pages. One for purchases and for swaps."""

from __future__ import annotations

import uuid

from django.http import FileResponse
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_field, inline_serializer
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.files import PDF, AsPdf, FileView
from apps.core.images import url
from apps.core.lists import PAGING, CursorPagination, asked
from apps.core.reading import MemberRead, PublicRead
from apps.escrow import actions
from apps.escrow.actions.moves import WrongState
from apps.escrow.cases import queries
from apps.escrow.cases.models import CaseEntry, CaseOffer, CaseState, Remedy
from apps.escrow.cases.views import handed_out
from apps.escrow.models import Dispute, Evidence

WRITE = {"POST": "trades:write"}


class CaseAnswerInput(serializers.Serializer):
    """What one side says."""

    statement = serializers.CharField(max_length=4000)


class CaseEvidenceInput(serializers.Serializer):
    """A note, a picture or a PDF, or both."""

    note = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")
    upload = serializers.FileField(required=False)


class CaseOfferInput(serializers.Serializer):
    """Terms; refund_minor for a split, and for a return of which less than all goes back."""

    remedy = serializers.ChoiceField(Remedy.choices)
    refund_minor = serializers.IntegerField(min_value=1, required=False, allow_null=True, default=None)
    note = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


class CaseOfferChoice(serializers.Serializer):
    """Which offer is answered, so that one that came meanwhile is not."""

    offer_id = serializers.UUIDField()


class CaseParcelInput(serializers.Serializer):
    """The parcel that goes first."""

    carrier = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    tracking_number = serializers.CharField(max_length=60)


class CaseNoInput(serializers.Serializer):
    """Nothing more is needed."""


class CaseOfferOutput(serializers.Serializer):
    """Terms that one side offers."""

    id = serializers.UUIDField()
    by_id = serializers.UUIDField()
    remedy = serializers.ChoiceField(Remedy.choices)
    refund_minor = serializers.IntegerField()
    note = serializers.CharField()
    state = serializers.ChoiceField(CaseOffer.State.choices)
    due_at = serializers.DateTimeField()


class CaseRulingOutput(serializers.Serializer):
    """A moderator's decision; carried out at once where it is final."""

    remedy = serializers.ChoiceField(Remedy.choices)
    refund_minor = serializers.IntegerField()
    decision = serializers.CharField()
    is_final = serializers.BooleanField()
    appealed_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class CaseParcelOutput(serializers.Serializer):
    """A parcel that goes before the money."""

    sender_id = serializers.UUIDField()
    remedy = serializers.ChoiceField(Remedy.choices)
    carrier = serializers.CharField()
    tracking_number = serializers.CharField()
    shipped_at = serializers.DateTimeField(allow_null=True)
    received_at = serializers.DateTimeField(allow_null=True)


class CaseEntryOutput(serializers.Serializer):
    """A line of the log."""

    at = serializers.DateTimeField()
    by_id = serializers.UUIDField(allow_null=True)
    what = serializers.ChoiceField(CaseEntry.What.choices)
    text = serializers.CharField()
    remedy = serializers.CharField()
    refund_minor = serializers.IntegerField(allow_null=True)


class CaseEvidenceOutput(serializers.Serializer):
    """A piece of evidence; `document`: where a PDF is handed out, else empty."""

    id = serializers.UUIDField()
    by_id = serializers.UUIDField()
    note = serializers.CharField()
    picture = serializers.SerializerMethodField()
    document = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()

    def get_picture(self, piece: Evidence) -> str:
        """The address of a picture, else empty."""
        return "" if piece.is_document else url(piece.file)

    def get_document(self, piece: Evidence) -> str:
        """The address of a PDF, else empty."""
        return reverse("api-case-document", args=[piece.dispute_id, piece.pk]) if piece.is_document else ""


class CaseDetailOutput(serializers.Serializer):
    """A case as its reader sees it; money in minor units of `currency`."""

    id = serializers.UUIDField(source="case.id")
    cause = serializers.CharField(source="case.hold.cause")
    amount_minor = serializers.IntegerField(source="case.hold.amount_minor")
    currency = serializers.CharField(source="case.hold.currency")
    payer_id = serializers.UUIDField(source="case.hold.payer_id")
    payee_id = serializers.UUIDField(source="case.hold.payee_id")
    state = serializers.ChoiceField(CaseState.choices, source="case.state")
    reason = serializers.CharField(source="case.reason")
    statement = serializers.CharField(source="case.statement")
    answer = serializers.CharField(source="case.answer")
    outcome = serializers.CharField(source="case.outcome")
    refund_minor = serializers.IntegerField(source="case.refund_minor", allow_null=True)
    decision = serializers.CharField(source="case.decision")
    who = serializers.CharField(help_text="who moves next")
    what = serializers.CharField(help_text="what they do")
    due_at = serializers.DateTimeField(allow_null=True)
    otherwise = serializers.CharField()
    may = serializers.SerializerMethodField()
    offers = CaseOfferOutput(source="case.offers", many=True)
    rulings = CaseRulingOutput(source="case.rulings", many=True)
    parcels = CaseParcelOutput(source="case.parcels", many=True)
    evidence = CaseEvidenceOutput(source="case.evidence", many=True)
    log = CaseEntryOutput(many=True)
    created_at = serializers.DateTimeField(source="case.created_at")

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_may(self, seen: queries.Seen) -> list[str]:
        """The steps that are the reader's now."""
        return sorted(seen.may)


class CaseList(MemberRead):
    """The member's cases."""

    @extend_schema(
        tags=["cases"],
        operation_id="cases",
        parameters=PAGING,
        responses=inline_serializer("Cases", {"cases": CaseDetailOutput(many=True), "pagination": CursorPagination()}),
    )
    def get(self, request: Request) -> Response:
        """Newest first, of purchases, sales and swaps."""
        part = asked(request)
        page = queries.of_member(member=request.user, limit=part.limit, offset=part.offset, after=part.after_place)
        rows = [CaseDetailOutput(queries.seen_by(case, request.user)).data for case in page.rows]
        return part.answer("cases", rows, page)


class CaseDetail(MemberRead):
    """One case."""

    @extend_schema(tags=["cases"], operation_id="case", responses=CaseDetailOutput)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """With its offers, decisions, parcels and log, and what the reader may do."""
        return _shown(request, pk)


class CaseDocument(FileView):
    """A PDF of a case."""

    renderer_classes = [JSONRenderer, AsPdf]

    @extend_schema(tags=["cases"], operation_id="case_document", responses=PDF)
    def get(self, request: Request, pk: uuid.UUID, piece: uuid.UUID) -> FileResponse:
        """As a download, for both sides and moderators."""
        return handed_out(queries.document_of(pk=pk, piece=piece, reader=request.user))


def _shown(request: Request, pk: uuid.UUID) -> Response:
    found = queries.case_for(pk=pk, reader=request.user)
    return Response(CaseDetailOutput(queries.seen_by(found, request.user)).data)


class CaseReasonFigure(serializers.Serializer):
    """How many cases had a reason."""

    reason = serializers.CharField(source="label")
    cases = serializers.IntegerField()


class CaseOutcomeFigure(serializers.Serializer):
    """How many cases ended in a way; share of the settled ones, 0 to 1."""

    outcome = serializers.CharField(source="label")
    cases = serializers.IntegerField()
    share = serializers.FloatField()


class CaseFiguresOutput(serializers.Serializer):
    """How cases go."""

    open = serializers.IntegerField()
    settled = serializers.IntegerField()
    withdrawn = serializers.IntegerField()
    appealed = serializers.IntegerField()
    median_days = serializers.FloatField(allow_null=True)
    by_reason = CaseReasonFigure(many=True)
    by_outcome = CaseOutcomeFigure(many=True)


class CaseFigures(PublicRead):
    """The published summary."""

    @extend_schema(tags=["cases"], operation_id="case_figures", responses=CaseFiguresOutput)
    def get(self, request: Request) -> Response:
        """How many are open, why they were opened, how they ended and how long that took."""
        return Response(CaseFiguresOutput(queries.figures()).data)


def _step(name: str, given: type[serializers.Serializer], act: object, said: str) -> type[APIView]:
    """A step of a case as a resource of its own."""

    class Step(APIView):
        required_scopes = WRITE

        @extend_schema(
            tags=["cases"], operation_id=f"case_{name}", request=given, responses=CaseDetailOutput, description=said
        )
        def post(self, request: Request, pk: uuid.UUID) -> Response:
            found = queries.case_for(pk=pk, reader=request.user)
            wanted = given(data=request.data)
            wanted.is_valid(raise_exception=True)
            act(found, request, **wanted.validated_data)
            return _shown(request, pk)

    Step.__name__ = Step.__qualname__ = f"Case{name.title()}"
    Step.__doc__ = said
    return Step


def _offer(case: Dispute, offer_id: uuid.UUID) -> CaseOffer:
    found = next((each for each in case.offers.all() if each.pk == offer_id), None)
    if found is None:
        raise WrongState("This offer is no longer open.")
    return found


step_views = {
    name: _step(name, given, act, said)
    for name, given, act, said in (
        (
            "answer", CaseAnswerInput,
            lambda case, request, **said: actions.answer_dispute(dispute=case, by=request.user, **said),
            "The other side's view; the two talk.",
        ),
        (
            "evidence", CaseEvidenceInput,
            lambda case, request, **said: actions.add_evidence(dispute=case, by=request.user, **said),
            "Add a note or a picture.",
        ),
        (
            "offer", CaseOfferInput,
            lambda case, request, **said: actions.offer(dispute=case, by=request.user, **said),
            "Offer terms to settle by; the offer before is void.",
        ),
        (
            "accept", CaseOfferChoice,
            lambda case, request, offer_id: actions.accept_offer(offer=_offer(case, offer_id), by=request.user),
            "Agree to the other side's offer: it is carried out.",
        ),
        (
            "decline", CaseOfferChoice,
            lambda case, request, offer_id: actions.decline_offer(offer=_offer(case, offer_id), by=request.user),
            "Say no to the other side's offer.",
        ),
        (
            "ask", CaseNoInput,
            lambda case, request: actions.ask_moderator(dispute=case, by=request.user),
            "Ask for a moderator: at once where the other side has asked too or its time is over, else then.",
        ),
        (
            "withdraw", CaseNoInput,
            lambda case, request: actions.withdraw_dispute(dispute=case, by=request.user),
            "Who opened the case takes it back; the inspection begins anew.",
        ),
        (
            "consent", CaseNoInput,
            lambda case, request: actions.accept_ruling(dispute=case, by=request.user),
            "Accept the decision; once both have, it is carried out.",
        ),
        (
            "appeal", CaseAnswerInput,
            lambda case, request, **said: actions.appeal(dispute=case, by=request.user, **said),
            "Have another moderator look at it, once.",
        ),
        (
            "send", CaseParcelInput,
            lambda case, request, **said: actions.send_parcel(dispute=case, by=request.user, **said),
            "The parcel that goes first has left.",
        ),
        (
            "receive", CaseNoInput,
            lambda case, request: actions.receive_parcel(dispute=case, by=request.user),
            "The parcel is here and right: the money moves.",
        ),
        (
            "contest", CaseAnswerInput,
            lambda case, request, **said: actions.contest_parcel(dispute=case, by=request.user, **said),
            "The parcel did not come or is not right: a moderator decides.",
        ),
    )
}  # fmt: skip
