"""REST: the member's cart over the same actions and queries as the pages, and the optimiser for any wants."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.conditions import Condition
from apps.core.reading import MemberRead
from apps.listings.cart import actions, plans, queries, wanted
from apps.listings.cart.market import Plan, Want
from apps.listings.cart.wanted import MOST_WANTS
from apps.listings.destinations import is_country
from apps.listings.wants.queries import list_for

WRITE = {method: "trades:write" for method in ("POST", "PATCH", "DELETE")}
COUNTRY = OpenApiParameter("country", str, description="where parcels go; the member's own country unless told")


class LineInput(serializers.Serializer):
    """Copies of a listing."""

    listing_id = serializers.UUIDField()
    quantity = serializers.IntegerField(min_value=1, max_value=100_000, default=1)


class LineChange(serializers.Serializer):
    """Another number of copies, or for later."""

    quantity = serializers.IntegerField(min_value=1, max_value=100_000, required=False)
    saved = serializers.BooleanField(required=False)


class WantInput(serializers.Serializer):
    """Wanted copies of any of these printings; an empty list takes any condition, language or finish."""

    card_ids = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=100)
    quantity = serializers.IntegerField(min_value=1, max_value=100, default=1)
    conditions = serializers.ListField(child=serializers.ChoiceField(Condition.choices), default=list, max_length=5)
    languages = serializers.ListField(child=serializers.CharField(max_length=8), default=list, max_length=30)
    finishes = serializers.ListField(child=serializers.CharField(max_length=40), default=list, max_length=30)
    most_minor = serializers.IntegerField(min_value=1, required=False, allow_null=True)


class OptimiseInput(serializers.Serializer):
    """What to look for: wants, a pasted list (`text`), a list of wants (`want_list_id`), else the cart's own cards.

    apply: put the plan into the cart.
    """

    objective = serializers.ChoiceField(["total", "parcels"], default="total")
    currency = serializers.RegexField("^[A-Z]{3}$", required=False, help_text="the member’s own unless told")
    wants = WantInput(many=True, required=False)
    text = serializers.CharField(max_length=20_000, trim_whitespace=False, required=False)
    want_list_id = serializers.UUIDField(required=False)
    apply = serializers.BooleanField(default=False)


class CartRowOutput(serializers.Serializer):
    """A line as it stands now; change: what has to be agreed to, in words."""

    id = serializers.UUIDField(source="line.pk")
    listing_id = serializers.UUIDField(source="line.listing_id")
    card_id = serializers.UUIDField(source="listing.item.variant.product_id")
    card_name = serializers.CharField(source="listing.item.variant.product.name")
    condition = serializers.CharField(source="listing.item.condition_label")
    quantity = serializers.IntegerField(source="line.quantity")
    available = serializers.IntegerField(source="copies")
    agreed_price_minor = serializers.IntegerField(source="line.price_minor")
    price_minor = serializers.IntegerField(source="listing.price_minor")
    change = serializers.CharField()


class CartParcelOutput(serializers.Serializer):
    """What one seller sends; shipping_minor: null where it is not sent there."""

    seller_id = serializers.UUIDField(source="seller.pk")
    currency = serializers.CharField()
    lines = CartRowOutput(source="rows", many=True)
    goods_minor = serializers.IntegerField()
    shipping_minor = serializers.IntegerField(allow_null=True)
    total_minor = serializers.IntegerField(allow_null=True)


class CartSumOutput(serializers.Serializer):
    """All parcels of one currency."""

    currency = serializers.CharField()
    goods_minor = serializers.IntegerField()
    shipping_minor = serializers.IntegerField()
    total_minor = serializers.IntegerField()


class CartOutput(serializers.Serializer):
    """A cart: parcels by seller, what is gone, what is kept for later, the sums."""

    parcels = CartParcelOutput(many=True)
    gone = CartRowOutput(many=True)
    saved = CartRowOutput(many=True)
    totals = CartSumOutput(source="sums", many=True)
    ready = serializers.BooleanField(source="is_ready")

    class Meta:
        ref_name = "Cart"


class CartPickOutput(serializers.Serializer):
    """Copies of one listing."""

    listing_id = serializers.UUIDField()
    quantity = serializers.IntegerField()
    price_minor = serializers.IntegerField()


class LeftOutOutput(serializers.Serializer):
    """A line that is not looked for, and why."""

    line = serializers.CharField()
    reason = serializers.CharField()


class CartPlanOutput(serializers.Serializer):
    """A plan; gap: how far above the best total it may be at most (0: proven).

    missing: copies that nobody offers, by number of the want or of the line (from 0), or by the want's id.
    """

    picks = CartPickOutput(many=True)
    goods_minor = serializers.IntegerField()
    shipping_minor = serializers.IntegerField()
    total_minor = serializers.IntegerField()
    parcels = serializers.IntegerField()
    gap = serializers.FloatField()
    method = serializers.ChoiceField(["solver", "greedy"])
    card_by_card_minor = serializers.IntegerField()
    missing = serializers.DictField(child=serializers.IntegerField())
    left_out = LeftOutOutput(many=True)


def _country(request: Request) -> str:
    asked = request.query_params.get("country", "")
    return asked if is_country(asked) else request.user.country


def _answer(request: Request, code: int = status.HTTP_200_OK) -> Response:
    shown = queries.contents(actions.cart_of(owner=request.user), country=_country(request))
    return Response(CartOutput(shown).data, status=code)


class CartDetail(MemberRead):
    """The member's cart."""

    @extend_schema(tags=["cart"], operation_id="cart", parameters=[COUNTRY], responses=CartOutput)
    def get(self, request: Request) -> Response:
        """A parcel for each seller with shipping, and what has changed."""
        return _answer(request)


class CartLines(MemberRead):
    """Lines of the cart."""

    required_scopes = WRITE

    @extend_schema(tags=["cart"], operation_id="cart_add", request=LineInput, responses={201: CartOutput})
    def post(self, request: Request) -> Response:
        """Put copies in; nothing is reserved."""
        wanted = LineInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        actions.add(by=request.user, **wanted.validated_data)
        return _answer(request, status.HTTP_201_CREATED)


class CartLineDetail(MemberRead):
    """One line."""

    required_scopes = WRITE

    @extend_schema(tags=["cart"], operation_id="cart_change", request=LineChange, responses=CartOutput)
    def patch(self, request: Request, pk: uuid.UUID) -> Response:
        """Another number of copies, or kept for later."""
        line = actions.line_of(cart=actions.cart_of(owner=request.user), pk=pk)
        wanted = LineChange(data=request.data)
        wanted.is_valid(raise_exception=True)
        told = wanted.validated_data
        actions.change(line=line, quantity=told.get("quantity"), is_saved=told.get("saved"))
        return _answer(request)

    @extend_schema(tags=["cart"], operation_id="cart_remove", responses={204: None})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Take it out."""
        actions.remove(line=actions.line_of(cart=actions.cart_of(owner=request.user), pk=pk))
        return Response(status=status.HTTP_204_NO_CONTENT)


class CartAccept(MemberRead):
    """Agree to what changed."""

    required_scopes = WRITE

    @extend_schema(tags=["cart"], operation_id="cart_accept", request=None, responses=CartOutput)
    def post(self, request: Request) -> Response:
        """New prices and smaller numbers are taken, what is gone leaves the cart."""
        mine = actions.cart_of(owner=request.user)
        if mine is not None:
            actions.accept_changes(cart=mine)
        return _answer(request)


class CartOptimise(MemberRead):
    """The optimiser."""

    required_scopes = WRITE

    @extend_schema(
        tags=["cart"],
        operation_id="cart_optimise",
        parameters=[COUNTRY],
        request=OptimiseInput,
        responses=CartPlanOutput,
    )
    def post(self, request: Request) -> Response:
        """The offers with the least delivered total, or with the fewest parcels."""
        told = OptimiseInput(data=request.data)
        told.is_valid(raise_exception=True)
        asked, country = told.validated_data, _country(request)
        currency = asked.setdefault("currency", request.user.currency)
        wants, left_out = _looked_for(request, asked, country)
        plan, found = plans.plan_for(
            wants, country=country, currency=currency, buyer=request.user, fewest=asked["objective"] == "parcels"
        )
        if asked["apply"]:
            actions.take_plan(by=request.user, picks=found.picks)
        rows = [{"line": line, "reason": reason} for line, reason in left_out]
        return Response(CartPlanOutput(_as_rows(plan, found) | {"left_out": rows}).data)


def _looked_for(request: Request, asked: dict, country: str) -> tuple[list[Want], list[tuple[str, str]]]:
    """What to look for, and lines that are left out with the reason. Raises ValidationError, InvalidInput, NotFound."""
    sources = [name for name in ("wants", "text", "want_list_id") if name in asked]
    if len(sources) > 1:
        raise serializers.ValidationError({sources[1]: ["Tell wants, a text or a list, not several of them."]})
    if "text" in asked:
        told = wanted.wanted_in(asked["text"])
        return told.wants, told.left_out
    if "want_list_id" in asked:
        told = wanted.wanted_on(list_for(pk=asked["want_list_id"], reader=request.user), currency=asked["currency"])
        return told.wants, told.left_out
    if "wants" in asked:
        if len(asked["wants"]) > MOST_WANTS:
            raise serializers.ValidationError({"wants": [f"At most {MOST_WANTS} wants."]})
        return [_want(str(number), each) for number, each in enumerate(asked["wants"])], []
    shown = queries.contents(actions.cart_of(owner=request.user), country=country)
    return plans.wants_of(shown, asked["currency"]), []


def _want(key: str, told: dict) -> Want:
    sets = (frozenset(told[name]) for name in ("conditions", "languages", "finishes"))
    return Want(key, frozenset(map(str, told["card_ids"])), told["quantity"], *sets, told.get("most_minor"))


def _as_rows(plan: Plan, found: plans.Found) -> dict[str, object]:
    names = ("goods_minor", "shipping_minor", "total_minor", "parcels", "gap", "method", "missing")
    picks = [{"listing_id": key, "quantity": copies, "price_minor": minor} for key, copies, minor in found.picks]
    return {name: getattr(plan, name) for name in names} | {
        "picks": picks,
        "card_by_card_minor": found.baseline_minor,
    }
