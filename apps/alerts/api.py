"""REST: alerts over the same actions and queries as the pages, in the words of the price trackers' API."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Scope
from apps.alerts import actions, queries
from apps.alerts.models import LINES, Comparison, Direction, Kind, Period, Rule
from apps.catalog.api import id_asked
from apps.catalog.models import Product, Variant
from apps.core.conditions import Condition
from apps.core.errors import InvalidInput
from apps.core.lists import PAGING, CursorPagination, asked
from apps.core.reading import MemberRead
from apps.core.selection import FIELDS, only, selection

_NAMES = {"price_threshold": "amount", "comparison_operator": "comparison", "variant_id": "variant"}


class AlertChange(serializers.Serializer):
    """What can be changed of an alert. `is_active` pauses it, or lets it go on from the price of now."""

    price_threshold = serializers.DecimalField(max_digits=12, decimal_places=2, required=False, allow_null=True)
    comparison_operator = serializers.ChoiceField([*Comparison.values, "="], required=False)
    percent = serializers.DecimalField(max_digits=6, decimal_places=2, required=False, allow_null=True)
    period = serializers.ChoiceField(Period.choices, required=False)
    direction = serializers.ChoiceField(Direction.choices, required=False)
    variant_id = serializers.UUIDField(required=False, allow_null=True, help_text="null: any printing")
    condition = serializers.ChoiceField(Condition.choices, required=False, allow_blank=True)
    cool_down_hours = serializers.ChoiceField(list(actions.COOL_DOWNS), required=False)
    is_active = serializers.BooleanField(required=False)

    def validate_comparison_operator(self, value: str) -> str:
        """A price hardly ever is exactly one amount."""
        if value == "=":
            raise serializers.ValidationError("A price is told when it reaches or passes an amount: use <= or >=.")
        return value


class NewAlert(AlertChange):
    """An alert to set. Without `variant_id` any printing of the card counts; those about the inventory name no card."""

    alert_type = serializers.ChoiceField(Kind.choices)
    card_id = serializers.UUIDField(required=False, allow_null=True)


class WatchedCard(serializers.Serializer):
    """The card that an alert is about."""

    id = serializers.UUIDField()
    card_name = serializers.CharField(source="name")
    card_number = serializers.CharField(source="number")
    set_identifier = serializers.CharField(source="release.code")
    current_price = serializers.FloatField(allow_null=True)


class AlertOutput(serializers.Serializer):
    """An alert; `words` says it as its owner would. `is_armed`: false while the price has to come back first."""

    id = serializers.UUIDField()
    alert_id = serializers.UUIDField(source="id")
    card_id = serializers.UUIDField(source="product_id", allow_null=True)
    card = serializers.SerializerMethodField()
    variant_id = serializers.UUIDField(allow_null=True)
    condition = serializers.CharField()
    alert_type = serializers.ChoiceField(Kind.choices, source="kind")
    price_threshold = serializers.FloatField(source="amount", allow_null=True)
    comparison_operator = serializers.CharField(source="comparison")
    percent = serializers.FloatField(allow_null=True)
    period = serializers.CharField()
    direction = serializers.CharField()
    currency = serializers.CharField()
    cool_down_hours = serializers.IntegerField()
    is_active = serializers.BooleanField(source="is_on")
    is_armed = serializers.BooleanField()
    last_triggered = serializers.DateTimeField(source="last_fired_at", allow_null=True)
    words = serializers.CharField()
    created_at = serializers.DateTimeField()

    @extend_schema_field(WatchedCard(allow_null=True))
    def get_card(self, rule: Rule) -> dict[str, object] | None:
        """The card with what it costs now; null for the inventory."""
        if rule.product is None:
            return None
        rule.product.current_price = rule.price_now
        return WatchedCard(rule.product).data


class FiringOutput(serializers.Serializer):
    """What was told: the figures of that moment, and what the same costs now."""

    id = serializers.UUIDField()
    alert_id = serializers.UUIDField(source="rule_id", allow_null=True)
    alert_type = serializers.ChoiceField(Kind.choices, source="kind")
    card_id = serializers.SerializerMethodField()
    variant_id = serializers.UUIDField(allow_null=True)
    listing_id = serializers.UUIDField(allow_null=True)
    condition = serializers.CharField()
    price = serializers.FloatField(source="value", allow_null=True)
    before = serializers.FloatField(allow_null=True)
    percent = serializers.FloatField(allow_null=True)
    price_now = serializers.FloatField(allow_null=True)
    currency = serializers.CharField()
    words = serializers.CharField()
    triggered_at = serializers.DateTimeField(source="at")

    def get_card_id(self, alert: object) -> uuid.UUID | None:
        """The card, null for the inventory."""
        return alert.variant.product_id if alert.variant else None  # type: ignore[attr-defined]


def _page_of(name: str, rows: serializers.Serializer) -> serializers.Serializer:
    return inline_serializer(name.title(), {name: rows, "pagination": CursorPagination()})


def fields_of(kind: str, given: dict[str, object]) -> dict[str, object]:
    """What a client sent of a new alert of that kind, in the words of the actions; the line itself counts unless told."""
    if kind in LINES:
        falls = kind in (Kind.DROP, Kind.WORTH_DROP)
        given = {"comparison_operator": Comparison.AT_MOST if falls else Comparison.AT_LEAST} | given
    return {_NAMES.get(name, name): value for name, value in given.items()}


def _fields(given: dict[str, object], product: Product | None) -> dict[str, object]:
    """What a client sent, in the words of the actions."""
    fields = {_NAMES.get(name, name): value for name, value in given.items()}
    if fields.get("variant") is not None:
        found = Variant.objects.filter(pk=fields["variant"], product=product).first() if product else None
        if found is None:
            raise InvalidInput("This is no printing of the card.", field="variant_id")
        fields["variant"] = found
    return fields


def _answer(request: Request, pk: uuid.UUID, code: int = status.HTTP_200_OK) -> Response:
    return Response(AlertOutput(queries.rule_for(owner=request.user, pk=pk)).data, status=code)


class AlertList(MemberRead):
    """The member's alerts; set one."""

    required_scopes = {"POST": Scope.ALERTS}

    @extend_schema(
        tags=["alerts"],
        operation_id="alerts",
        parameters=[OpenApiParameter("card_id", uuid.UUID, description="of this card alone"), *PAGING, FIELDS],
        responses=_page_of("alerts", AlertOutput(many=True)),
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        part, chosen = asked(request), selection(request, AlertOutput)
        page = queries.rules_page(
            owner=request.user, product_id=id_asked(request, "card_id"), limit=part.limit, offset=part.offset,
            after=part.after_place,
        )  # fmt: skip
        return part.answer("alerts", only(chosen, AlertOutput(page.rows, many=True).data), page)

    @extend_schema(tags=["alerts"], operation_id="alert_set", request=NewAlert, responses={201: AlertOutput})
    def post(self, request: Request) -> Response:
        """Be told of something from now on.

        `price_drop` and `price_increase` need `price_threshold`; `price_change` needs `percent`, and takes `period` and
        `direction`; `availability` takes `price_threshold` as the most to pay; `under_fair_value` needs `percent`. The
        `portfolio_…` types are the same about the worth of the inventory, without a card.
        """
        wanted = NewAlert(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = dict(wanted.validated_data)
        card, kind, is_on = given.pop("card_id", None), given.pop("alert_type"), given.pop("is_active", True)
        product = queries.card(card) if card else None
        told = _fields(fields_of(kind, given), product)
        made = actions.set_rule(by=request.user, kind=kind, product=product, is_on=is_on, **told)
        return _answer(request, made.pk, status.HTTP_201_CREATED)


class AlertDetail(MemberRead):
    """One alert of the member."""

    required_scopes = {"PATCH": Scope.ALERTS, "DELETE": Scope.ALERTS}

    @extend_schema(tags=["alerts"], operation_id="alert", responses=AlertOutput)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """What it waits for, and when it last told something."""
        return _answer(request, pk)

    @extend_schema(tags=["alerts"], operation_id="alert_change", request=AlertChange, responses=AlertOutput)
    def patch(self, request: Request, pk: uuid.UUID) -> Response:
        """Change what it waits for, pause it, or let it go on. It begins anew from the price of now."""
        found = queries.rule_for(owner=request.user, pk=pk)
        wanted = AlertChange(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = dict(wanted.validated_data)
        is_on = given.pop("is_active", None)
        if given:
            actions.change_rule(rule=found, by=request.user, **_fields(given, found.product))
        if is_on is not None:
            actions.set_on(rule=found, on=is_on, by=request.user)
        return _answer(request, pk)

    @extend_schema(tags=["alerts"], operation_id="alert_delete", responses={204: None})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Forget it; what it told stays in the history."""
        actions.delete_rule(rule=queries.rule_for(owner=request.user, pk=pk), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class AlertHistory(MemberRead):
    """What the member was told."""

    @extend_schema(
        tags=["alerts"],
        operation_id="alerts_history",
        parameters=[OpenApiParameter("alert_id", uuid.UUID, description="by this alert alone"), *PAGING, FIELDS],
        responses=_page_of("history", FiringOutput(many=True)),
    )
    def get(self, request: Request) -> Response:
        """Newest first, with the price then and now."""
        part, chosen = asked(request), selection(request, FiringOutput)
        page = queries.history_page(
            owner=request.user, rule_id=id_asked(request, "alert_id"), limit=part.limit, offset=part.offset,
            after=part.after_place,
        )  # fmt: skip
        return part.answer("history", only(chosen, FiringOutput(page.rows, many=True).data), page)
