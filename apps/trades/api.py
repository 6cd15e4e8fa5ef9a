"""REST: buying and the trade room over the same actions and queries as the pages."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.models import User
from apps.catalog.api import one_of
from apps.core.errors import NotFound
from apps.core.lists import PAGING, CursorPagination, asked
from apps.core.reading import MemberRead
from apps.core.selection import FIELDS, only, selection
from apps.escrow.cards.choosing import Choice, choice_of
from apps.escrow.models import Dispute
from apps.listings import queries as listings
from apps.trades import actions, queries
from apps.trades.models import Trade

WRITE = {"POST": "trades:write"}
SIDES = ["buying", "selling"]


class AddressInput(serializers.Serializer):
    """Where the parcel goes."""

    name = serializers.CharField(max_length=100)
    line1 = serializers.CharField(max_length=120)
    line2 = serializers.CharField(max_length=120, required=False, allow_blank=True)
    city = serializers.CharField(max_length=80)
    region = serializers.CharField(max_length=80, required=False, allow_blank=True)
    postal_code = serializers.CharField(max_length=20)
    country = serializers.RegexField("^[A-Z]{2}$")


class BuyInput(serializers.Serializer):
    """A purchase. The same request_key buys once."""

    listing_id = serializers.UUIDField()
    quantity = serializers.IntegerField(min_value=1, default=1)
    ship_to = AddressInput()
    request_key = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")


class PayInput(serializers.Serializer):
    """A saved payment method of the payment company; without one the answer carries a page to pay on."""

    payment_method = serializers.CharField(max_length=120, required=False)
    card_id = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="one of the member's cards"
    )
    keep_card = serializers.BooleanField(required=False, default=False, help_text="keep the card of the page")
    return_url = serializers.URLField(required=False, default="")


def paying(said: dict, by: User) -> Choice:
    """What a payment is started with. Raises NotFound for a card that is not the member's."""
    chosen = choice_of(card_id=said["card_id"], keep_card=said["keep_card"], by=by)
    method = said.get("payment_method")
    return {"payment_method": method, "keep_card": False} if method and not said["card_id"] else chosen


class ShipInput(serializers.Serializer):
    """The parcel that leaves."""

    carrier = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    tracking_number = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")


class CancelInput(serializers.Serializer):
    """Why it is called off."""

    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class GiveBackInput(serializers.Serializer):
    """What goes back after the release. The same request_key gives once."""

    amount_minor = serializers.IntegerField(min_value=1)
    request_key = serializers.CharField(max_length=60)
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class DisputeInput(serializers.Serializer):
    """What is wrong."""

    reason = serializers.ChoiceField(Dispute.Reason.choices)
    statement = serializers.CharField(max_length=4000)


class MessageInput(serializers.Serializer):
    """Something to say."""

    body = serializers.CharField(max_length=2000)


class ReviewInput(serializers.Serializer):
    """How it went; a buyer may give stars to each aspect as well."""

    rating = serializers.IntegerField(min_value=1, max_value=5)
    described = serializers.IntegerField(min_value=1, max_value=5, required=False, allow_null=True)
    packing = serializers.IntegerField(min_value=1, max_value=5, required=False, allow_null=True)
    speed = serializers.IntegerField(min_value=1, max_value=5, required=False, allow_null=True)
    body = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


class AnswerInput(serializers.Serializer):
    """The other side's view of a case."""

    statement = serializers.CharField(max_length=4000)


class EvidenceInput(serializers.Serializer):
    """A note, a picture or a PDF, or both."""

    note = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")
    upload = serializers.FileField(required=False)


class NoInput(serializers.Serializer):
    """Nothing more is needed."""


class LineOutput(serializers.Serializer):
    """Copies in a trade."""

    card_id = serializers.UUIDField(source="item.variant.product_id")
    card_name = serializers.CharField(source="item.variant.product.name")
    card_number = serializers.CharField(source="item.variant.product.number")
    set_identifier = serializers.CharField(source="item.variant.product.release.code")
    finish = serializers.CharField(source="item.variant.finish")
    language = serializers.CharField(source="item.variant.language")
    condition = serializers.CharField(source="condition_label")
    quantity = serializers.IntegerField()
    price_minor = serializers.IntegerField()


class NextStepOutput(serializers.Serializer):
    """Who acts next, what they do, by when, and what happens when they do not."""

    who = serializers.CharField()
    what = serializers.CharField()
    due_at = serializers.DateTimeField(allow_null=True)
    otherwise = serializers.CharField()


class ParcelOutput(serializers.Serializer):
    """A parcel."""

    carrier = serializers.CharField()
    tracking_number = serializers.CharField()
    shipped_at = serializers.DateTimeField()
    delivered_at = serializers.DateTimeField(allow_null=True)


class CaseOutput(serializers.Serializer):
    """A dispute as both sides see it."""

    id = serializers.UUIDField()
    state = serializers.CharField()
    reason = serializers.CharField()
    statement = serializers.CharField()
    answer = serializers.CharField()
    answer_due_at = serializers.DateTimeField()
    outcome = serializers.CharField()
    refund_minor = serializers.IntegerField(allow_null=True)
    decision = serializers.CharField()


class MessageOutput(serializers.Serializer):
    """A message; the system's own have no author."""

    id = serializers.UUIDField()
    author_id = serializers.UUIDField(allow_null=True)
    body = serializers.CharField()
    created_at = serializers.DateTimeField()


class TradeOutput(serializers.Serializer):
    """A trade as the API shows it; money in minor units."""

    id = serializers.UUIDField()
    state = serializers.CharField()
    stage = serializers.CharField(source="hold.state")
    buyer_id = serializers.UUIDField()
    seller_id = serializers.UUIDField()
    items_minor = serializers.IntegerField()
    shipping_minor = serializers.IntegerField()
    total_minor = serializers.IntegerField()
    fee_minor = serializers.IntegerField(source="hold.fee_minor")
    refunded_minor = serializers.IntegerField(source="hold.refunded_minor")
    currency = serializers.CharField()
    lines = LineOutput(many=True)
    parcels = ParcelOutput(source="shipments", many=True)
    ship_to = serializers.SerializerMethodField()
    dispute = serializers.SerializerMethodField()
    next_step = serializers.SerializerMethodField()
    under_review_since = serializers.DateTimeField(source="hold.checked_since", allow_null=True)
    created_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(AddressInput(allow_null=True))
    def get_ship_to(self, trade: Trade) -> dict[str, str] | None:
        """The buyer's address: for the buyer, and for the seller once the money is held."""
        reader = self.context["request"].user
        may_send = trade.hold.funded_at and trade.hold.checked_since is None
        return trade.ship_to if reader.pk == trade.buyer_id or may_send else None

    @extend_schema_field(CaseOutput(allow_null=True))
    def get_dispute(self, trade: Trade) -> dict[str, object] | None:
        """The latest case."""
        latest = next(iter(trade.hold.disputes.all()), None)
        return CaseOutput(latest).data if latest else None

    @extend_schema_field(NextStepOutput)
    def get_next_step(self, trade: Trade) -> dict[str, object]:
        """Who acts next, and by when."""
        return NextStepOutput(queries.next_step(trade)).data


def _answer(request: Request, pk: uuid.UUID, code: int = status.HTTP_200_OK) -> Response:
    shown = TradeOutput(queries.room(pk=pk, reader=request.user), context={"request": request})
    return Response(shown.data, status=code)


class TradeList(MemberRead):
    """The member's trades; buy."""

    required_scopes = WRITE

    @extend_schema(
        tags=["trades"],
        operation_id="trades",
        parameters=[
            OpenApiParameter("side", str, enum=SIDES, description="one side alone; both unless told"),
            *PAGING,
            FIELDS,
        ],
        responses=inline_serializer("Trades", {"trades": TradeOutput(many=True), "pagination": CursorPagination()}),
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        part, chosen = asked(request), selection(request, TradeOutput)
        page = queries.of_member(
            member=request.user, side=one_of(request, "side", SIDES), limit=part.limit, offset=part.offset,
            after=part.after_place,
        )  # fmt: skip
        rows = TradeOutput(page.rows, many=True, context={"request": request}).data
        return part.answer("trades", only(chosen, rows), page)

    @extend_schema(tags=["trades"], operation_id="trade_buy", request=BuyInput, responses={201: TradeOutput})
    def post(self, request: Request) -> Response:
        """Promise to buy: the copies are reserved and the payment is awaited."""
        wanted = BuyInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        fields = dict(wanted.validated_data)
        listing = listings.listing_for(pk=fields.pop("listing_id"), reader=request.user)
        trade = actions.buy(listing=listing, by=request.user, **fields)
        return _answer(request, trade.pk, status.HTTP_201_CREATED)


class TradeDetail(MemberRead):
    """One trade of the member."""

    @extend_schema(tags=["trades"], operation_id="trade", responses=TradeOutput)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Where it stands and who acts next."""
        return _answer(request, pk)


class PaymentOutput(serializers.Serializer):
    """An attempt to pay."""

    id = serializers.UUIDField()
    state = serializers.CharField()
    checkout_url = serializers.CharField()
    next_action_url = serializers.CharField()
    failure_code = serializers.CharField()
    failure_message = serializers.CharField()


class TradePay(APIView):
    """Pay for a trade."""

    required_scopes = WRITE

    @extend_schema(tags=["trades"], request=PayInput, responses={200: PaymentOutput, 402: PaymentOutput})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """With a payment method at once, else on the page whose address is answered. A decline answers 402."""
        wanted = PayInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        back = wanted.validated_data["return_url"] or request.build_absolute_uri(f"/trades/{pk}/")
        payment = actions.pay(
            trade=queries.room(pk=pk, reader=request.user),
            by=request.user,
            **paying(wanted.validated_data, request.user),
            success_url=back,
            cancel_url=back,
        )
        code = status.HTTP_402_PAYMENT_REQUIRED if payment.state == "failed" else status.HTTP_200_OK
        return Response(PaymentOutput(payment).data, status=code)


class _Step(APIView):
    """A POST that moves a trade: its input's serializer and what it does."""

    required_scopes = WRITE
    input: type[serializers.Serializer] = NoInput

    def act(self, request: Request, trade: Trade, **fields: object) -> None:
        """Do it."""
        raise NotFound

    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Check, act, answer with the trade."""
        found = queries.room(pk=pk, reader=request.user)
        wanted = self.input(data=request.data)
        wanted.is_valid(raise_exception=True)
        self.act(request, found, **wanted.validated_data)
        return _answer(request, pk)


def _step(name: str, serializer: type[serializers.Serializer], action: object, summary: str) -> type[_Step]:
    """A view class for one action of the room."""

    def act(self: _Step, request: Request, trade: Trade, **fields: object) -> None:
        action(trade=trade, by=request.user, **fields)

    view = type(name, (_Step,), {"input": serializer, "act": act, "__doc__": summary})
    return extend_schema(tags=["trades"], request=serializer, responses=TradeOutput, description=summary)(view)


TradeShip = _step("TradeShip", ShipInput, actions.ship, "The seller says that the parcel left.")
TradeReceive = _step("TradeReceive", NoInput, actions.confirm_delivery, "The buyer says that the parcel is here.")
TradeRelease = _step("TradeRelease", NoInput, actions.release, "The buyer is content: the seller gets the money.")
TradeCancel = _step("TradeCancel", CancelInput, actions.cancel, "Either side calls it off where the rules allow.")
TradeDispute = _step("TradeDispute", DisputeInput, actions.open_dispute, "Report a problem; the money stays held.")
TradeRefund = _step("TradeRefund", CancelInput, actions.give_back, "The seller returns the whole amount.")
TradeGiveBack = _step(
    "TradeGiveBack", GiveBackInput, actions.give_back_late, "The seller gives a part or all back after the release."
)
TradeAnswer = _step("TradeAnswer", AnswerInput, actions.answer_dispute, "Answer the other side's case.")
TradeEvidence = _step(
    "TradeEvidence", EvidenceInput, actions.add_evidence, "Add a note, a picture or a PDF to the case."
)
TradeWithdraw = _step("TradeWithdraw", NoInput, actions.withdraw_dispute, "The buyer takes the case back.")
_TradeSay = _step("TradeSay", MessageInput, actions.say, "Write in the trade room.")
TradeReview = _step("TradeReview", ReviewInput, actions.review, "Say how it went.")


class TradeMessages(_TradeSay):
    """What the two say to each other in the trade room, and the system's own lines."""

    @extend_schema(
        tags=["trades"],
        operation_id="trade_messages",
        responses=inline_serializer("TradeMessages", {"messages": MessageOutput(many=True)}),
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """All of them, oldest first."""
        said = queries.room(pk=pk, reader=request.user).messages.all()
        return Response({"messages": MessageOutput(said, many=True).data})
