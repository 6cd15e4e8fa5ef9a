"""REST: swaps over the same actions and queries as the pages."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from drf_spectacular.utils import extend_schema, extend_schema_field, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import queries as accounts
from apps.core.lists import PAGING, CursorPagination, asked
from apps.core.reading import MemberRead
from apps.core.selection import FIELDS, only, selection
from apps.escrow.models import Dispute
from apps.trades.api import AddressInput, MessageInput, PayInput, ReviewInput, paying
from apps.trades.swaps import actions, cases, course, queries, reviewing, rings
from apps.trades.swaps.actions import Terms
from apps.trades.swaps.models import Swap

WRITE = {"POST": "trades:write"}


class CopiesInput(serializers.Serializer):
    """Copies of an inventory item."""

    item_id = serializers.UUIDField()
    quantity = serializers.IntegerField(min_value=1, max_value=100_000, default=1)


class SwapTermsInput(serializers.Serializer):
    """Two piles and the cash that you add; negative: that you get. In minor units."""

    gives = CopiesInput(many=True)
    takes = CopiesInput(many=True)
    cash_minor = serializers.IntegerField(default=0, min_value=-(2**53), max_value=2**53)
    message = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    ship_to = AddressInput()


class SwapInput(SwapTermsInput):
    """A proposal to a member. The same request_key proposes once."""

    member_id = serializers.UUIDField()
    request_key = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")


class RingInput(serializers.Serializer):
    """Three piles that go round: yours to the member, theirs to the third, the third's to you."""

    member_id = serializers.UUIDField()
    third_id = serializers.UUIDField()
    gives = CopiesInput(many=True)
    between = CopiesInput(many=True)
    takes = CopiesInput(many=True)
    message = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    request_key = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")
    ship_to = AddressInput()


class AgreeInput(serializers.Serializer):
    """Where your new cards go."""

    ship_to = AddressInput()


class ParcelInput(serializers.Serializer):
    """Your parcel; swaps are sent with tracking."""

    carrier = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    tracking_number = serializers.CharField(max_length=60)


class ProblemInput(serializers.Serializer):
    """What is wrong with the other's parcel."""

    reason = serializers.ChoiceField(Dispute.Reason.choices)
    statement = serializers.CharField(max_length=4000)


class SwapLineOutput(serializers.Serializer):
    """Copies that one side gives, with the fair value of one and its date."""

    item_id = serializers.UUIDField()
    giver_id = serializers.UUIDField()
    card_name = serializers.CharField(source="item.variant.product.name")
    variant_id = serializers.UUIDField(source="item.variant_id")
    condition = serializers.CharField(source="condition_label")
    quantity = serializers.IntegerField()
    value_minor = serializers.IntegerField(allow_null=True)
    low_minor = serializers.IntegerField(allow_null=True)
    high_minor = serializers.IntegerField(allow_null=True)
    valued_at = serializers.DateTimeField(allow_null=True)


class SwapSideOutput(serializers.Serializer):
    """What one member brings: held money and parcel."""

    member_id = serializers.UUIDField()
    agreed_at = serializers.DateTimeField(allow_null=True)
    deposit_minor = serializers.IntegerField()
    hold_state = serializers.CharField(source="hold.state", default=None, allow_null=True)
    hold_minor = serializers.IntegerField(source="hold.amount_minor", default=0)
    carrier = serializers.CharField()
    tracking_number = serializers.CharField()
    shipped_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    accepted_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)


class SwapBalanceOutput(serializers.Serializer):
    """How fair it is for the reader: what they get less what they give, with the interval."""

    difference_minor = serializers.IntegerField(source="difference")
    low_minor = serializers.IntegerField(source="low")
    high_minor = serializers.IntegerField(source="high")
    verdict = serializers.CharField()
    words = serializers.CharField()


class SwapOutput(serializers.Serializer):
    """A swap as the API shows it; money in minor units."""

    id = serializers.UUIDField()
    proposer_id = serializers.UUIDField()
    other_id = serializers.UUIDField()
    third_id = serializers.UUIDField(
        allow_null=True, help_text="of a ring: cards go from proposer to other, to third, and back to the proposer"
    )
    answers_id = serializers.UUIDField(allow_null=True)
    state = serializers.CharField()
    cash_minor = serializers.IntegerField(help_text="paid by the proposer; negative: by the other")
    currency = serializers.CharField()
    message = serializers.CharField()
    lines = SwapLineOutput(many=True)
    sides = SwapSideOutput(many=True)
    balance = serializers.SerializerMethodField()
    may = serializers.SerializerMethodField()
    send_to = serializers.SerializerMethodField()
    due_at = serializers.DateTimeField(allow_null=True)
    is_under_review = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    agreed_at = serializers.DateTimeField(allow_null=True)
    broken_at = serializers.DateTimeField(
        allow_null=True, help_text="since when each parcel of a ring counts as a sale at its value"
    )
    closed_at = serializers.DateTimeField(allow_null=True)

    def get_is_under_review(self, swap: Swap) -> bool:
        """Whether it waits for a moderator; nothing is to be paid or sent meanwhile."""
        return queries.is_checked(swap)

    @extend_schema_field(SwapBalanceOutput)
    def get_balance(self, swap: Swap) -> dict[str, object]:
        """Seen from the reader's side."""
        return SwapBalanceOutput(queries.seen_by(swap, self.context["request"].user).balance).data

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_may(self, swap: Swap) -> list[str]:
        """What the reader may do now."""
        return sorted(name for name, allowed in queries.may(swap, self.context["request"].user).items() if allowed)

    @extend_schema_field(AddressInput(allow_null=True))
    def get_send_to(self, swap: Swap) -> dict[str, str] | None:
        """Where the reader's parcel goes, once all money is held."""
        return queries.addresses(swap, self.context["request"].user).get("theirs") or None


def _shown(request: Request, pk: uuid.UUID, code: int = status.HTTP_200_OK) -> Response:
    found = queries.room(pk=pk, reader=request.user)
    return Response(SwapOutput(found, context={"request": request}).data, status=code)


def _piles(said: dict, *names: str) -> dict[str, dict[uuid.UUID, int]]:
    return {name: {each["item_id"]: each["quantity"] for each in said[name]} for name in names}


def _terms(said: dict) -> dict[str, object]:
    piles = _piles(said, "gives", "takes")
    terms = Terms(gives=piles["gives"], takes=piles["takes"], cash_minor=said["cash_minor"])
    return {"terms": terms, "ship_to": said["ship_to"], "message": said["message"]}


class SwapList(MemberRead):
    """The member's swaps; propose one."""

    required_scopes = WRITE

    @extend_schema(
        tags=["swaps"],
        operation_id="swaps",
        parameters=[*PAGING, FIELDS],
        responses=inline_serializer("Swaps", {"swaps": SwapOutput(many=True), "pagination": CursorPagination()}),
    )
    def get(self, request: Request) -> Response:
        """Newest first, without proposals that were countered."""
        part, chosen = asked(request), selection(request, SwapOutput)
        page = queries.of_member(member=request.user, limit=part.limit, offset=part.offset, after=part.after_place)
        rows = SwapOutput(page.rows, many=True, context={"request": request}).data
        return part.answer("swaps", only(chosen, rows), page)

    @extend_schema(tags=["swaps"], operation_id="swap_propose", request=SwapInput, responses={201: SwapOutput})
    def post(self, request: Request) -> Response:
        """Propose two piles to a member."""
        wanted = SwapInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        said = wanted.validated_data
        other = accounts.member(said["member_id"])
        made = actions.propose(to=other, by=request.user, request_key=said["request_key"], **_terms(said))
        return _shown(request, made.pk, status.HTTP_201_CREATED)


class RingList(APIView):
    """Rings of three."""

    required_scopes = WRITE

    @extend_schema(tags=["swaps"], operation_id="swap_propose_ring", request=RingInput, responses={201: SwapOutput})
    def post(self, request: Request) -> Response:
        """Propose a ring to two members; both have to agree. From then on it is a swap with a third member."""
        wanted = RingInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        said = wanted.validated_data
        made = rings.propose_ring(
            other=accounts.member(said["member_id"]),
            third=accounts.member(said["third_id"]),
            terms=rings.RingTerms(**_piles(said, "gives", "between", "takes")),
            by=request.user,
            **{name: said[name] for name in ("ship_to", "message", "request_key")},
        )
        return _shown(request, made.pk, status.HTTP_201_CREATED)


class SwapDetail(MemberRead):
    """One swap."""

    @extend_schema(tags=["swaps"], operation_id="swap", responses=SwapOutput)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """With both piles, both sides, and how fair it is."""
        return _shown(request, pk)


class SwapCounter(APIView):
    """Answer with other terms."""

    required_scopes = WRITE

    @extend_schema(tags=["swaps"], operation_id="swap_counter", request=SwapTermsInput, responses={201: SwapOutput})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """The former proposal ends; the answer is the new one."""
        found = queries.room(pk=pk, reader=request.user)
        wanted = SwapTermsInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        made = actions.counter(swap=found, by=request.user, **_terms(wanted.validated_data))
        return _shown(request, made.pk, status.HTTP_201_CREATED)


class SwapPay(APIView):
    """Pay one's cash and deposit."""

    required_scopes = WRITE

    @extend_schema(
        tags=["swaps"],
        operation_id="swap_pay",
        request=PayInput,
        responses=inline_serializer(
            "SwapPayment", {"state": serializers.CharField(), "checkout_url": serializers.CharField()}
        ),
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Start it, or come back to the one under way."""
        found = queries.room(pk=pk, reader=request.user)
        wanted = PayInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        payment = course.pay(
            swap=found,
            by=request.user,
            **paying(wanted.validated_data, request.user),
            success_url=wanted.validated_data["return_url"],
        )
        return Response({"state": payment.state, "checkout_url": payment.checkout_url})


def _step(
    name: str, act: Callable[[Swap, Request, dict], object], doc: str, given: type[serializers.Serializer] | None = None
) -> type[APIView]:
    """A step of a swap as a resource of its own."""

    class Step(APIView):
        required_scopes = WRITE

        @extend_schema(tags=["swaps"], operation_id=name, request=given, responses=SwapOutput, description=doc)
        def post(self, request: Request, pk: uuid.UUID) -> Response:
            found = queries.room(pk=pk, reader=request.user)
            said: dict = {}
            if given is not None:
                wanted = given(data=request.data)
                wanted.is_valid(raise_exception=True)
                said = wanted.validated_data
            act(found, request, said)
            return _shown(request, pk)

    Step.__name__ = Step.__qualname__ = "".join(part.title() for part in name.split("_"))
    Step.__doc__ = doc
    return Step


SwapAgree = _step(
    "swap_agree", lambda swap, request, said: actions.agree(swap=swap, by=request.user, **said),
    "Say yes: when all have, the copies are reserved and the terms stand.", AgreeInput,
)  # fmt: skip
SwapDecline = _step("swap_decline", lambda swap, request, _: actions.decline(swap=swap, by=request.user), "Say no.")
SwapWithdraw = _step(
    "swap_withdraw", lambda swap, request, _: actions.withdraw(swap=swap, by=request.user), "Take one's proposal back."
)
SwapShip = _step(
    "swap_ship", lambda swap, request, said: course.ship(swap=swap, by=request.user, **said),
    "One's own parcel left.", ParcelInput,
)  # fmt: skip
SwapReceive = _step(
    "swap_receive",
    lambda swap, request, _: course.delivered(swap=swap, sender_id=swap.sender_to(request.user.pk), by=request.user),
    "The parcel for you arrived; the inspection begins.",
)
SwapContent = _step(
    "swap_content", lambda swap, request, _: course.content(swap=swap, by=request.user),
    "Content with what came. When all are, the cards change hands and the money moves.",
)  # fmt: skip
SwapCancel = _step(
    "swap_cancel",
    lambda swap, request, _: course.cancel(swap=swap, by=request.user),
    "Call it off before a parcel leaves.",
)
SwapObject = _step(
    "swap_problem", lambda swap, request, said: cases.object_to(swap=swap, by=request.user, **said),
    "Report what is wrong with the other's parcel.", ProblemInput,
)  # fmt: skip
SwapReview = _step(
    "swap_review", lambda swap, request, said: reviewing.review(swap=swap, by=request.user, **said),
    "Say how it went with who sent your new cards, once; it shows once theirs is in, or after 14 days.", ReviewInput,
)  # fmt: skip
SwapMessages = _step(
    "swap_say", lambda swap, request, said: actions.say(swap=swap, by=request.user, **said),
    "Write to the other.", MessageInput,
)  # fmt: skip
