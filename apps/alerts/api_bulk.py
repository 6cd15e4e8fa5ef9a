"""REST: many alerts at once, each line with an outcome of its own."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.models import Scope, User
from apps.alerts import actions, many, queries
from apps.alerts.actions import Wanted
from apps.alerts.api import AlertOutput, NewAlert, fields_of
from apps.alerts.many import MOST_LINES, Line, Terms
from apps.alerts.models import Kind
from apps.catalog.queries import release_detail
from apps.core.errors import DomainError, InvalidInput

_FROM_NOW = (Kind.DROP, Kind.RISE)


class BulkCardsInput(serializers.Serializer):
    """Which cards: by id, or of a set (`missing_only`: those that one lacks), or those of the inventory; one of the three."""

    card_ids = serializers.ListField(child=serializers.UUIDField(), required=False, min_length=1, max_length=MOST_LINES)
    set_id = serializers.UUIDField(required=False)
    missing_only = serializers.BooleanField(required=False, default=False)
    inventory = serializers.BooleanField(required=False, default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of the three."""
        if sum(bool(attrs.get(name)) for name in ("card_ids", "set_id", "inventory")) != 1:
            raise serializers.ValidationError("Name card_ids, set_id or inventory: one of the three.")
        return attrs


class BulkAlertInput(NewAlert):
    """What to be told of, for every card alike. percent_from_now: instead of an amount, so far from each price of now."""

    card_id = None
    variant_id = None
    percent_from_now = serializers.DecimalField(
        max_digits=6, decimal_places=2, min_value=1, max_value=1000, required=False, allow_null=True
    )


class BulkInput(serializers.Serializer):
    """`alerts`: each in full, 1 to 300; or `cards` with one `alert` for all of them."""

    alerts = NewAlert(many=True, required=False)
    cards = BulkCardsInput(required=False)
    alert = BulkAlertInput(required=False)


class BulkErrorOutput(serializers.Serializer):
    """Why a line was refused, as in an error of its own."""

    code = serializers.CharField()
    message = serializers.CharField()
    details = serializers.DictField()


class BulkLineOutput(serializers.Serializer):
    """One line, counted from 1: its alert, or why there is none. name: of the card, where it is known."""

    line = serializers.IntegerField()
    name = serializers.CharField()
    alert = AlertOutput(allow_null=True)
    error = BulkErrorOutput(allow_null=True)


class BulkOutput(serializers.Serializer):
    """How many were set and refused, and each line in its order."""

    set = serializers.IntegerField()
    refused = serializers.IntegerField()
    results = BulkLineOutput(many=True)


class AlertBulk(APIView):
    """Many alerts at once."""

    required_scopes = {"POST": Scope.ALERTS}

    @extend_schema(tags=["alerts"], operation_id="alerts_bulk", request=BulkInput, responses=BulkOutput)
    def post(self, request: Request) -> Response:
        """Set up to 300 alerts; a line that is refused says why and stops none of the others.

        Either `alerts`, each as for one alert, or `cards` (by id, of a set, or of the inventory) with one `alert` for all,
        whose amount may be told by `percent_from_now`. A member keeps at most 300 alerts in all.
        """
        given = request.data if isinstance(request.data, dict) else {}
        if ("alerts" in given) == ("cards" in given):
            raise InvalidInput("Send alerts, or cards with an alert for them.", field="alerts")
        lines = _each(request.user, given["alerts"]) if "alerts" in given else _alike(request.user, given)
        shown = queries.rules_by_id(owner=request.user, ids=[line.rule.pk for line in lines if line.rule])
        told = [
            {"line": line.number, "name": line.told, "alert": shown.get(line.rule.pk) if line.rule else None,
             "error": line.error and _error(line.error)}
            for line in lines
        ]  # fmt: skip
        made = sum(line.rule is not None for line in lines)
        return Response(BulkOutput({"set": made, "refused": len(lines) - made, "results": told}).data)


def _error(error: DomainError) -> dict[str, object]:
    return {"code": error.code, "message": error.message, "details": error.details}


def _alike(by: User, given: dict[str, Any]) -> list[Line]:
    """One alert for each of the cards. Raises InvalidInput, ReleaseNotFound, ValidationError where nothing can be set."""
    cards, alert = BulkCardsInput(data=given["cards"]), BulkAlertInput(data=given.get("alert", {}))
    cards.is_valid(raise_exception=True)
    alert.is_valid(raise_exception=True)
    which, told = cards.validated_data, dict(alert.validated_data)
    away, kind = told.pop("percent_from_now", None), told.pop("alert_type")
    if away is not None and kind not in _FROM_NOW:
        raise InvalidInput(f"percent_from_now is for {' and '.join(_FROM_NOW)}.", field="percent_from_now")
    if which.get("card_ids"):
        lines = many.of_cards(list(dict.fromkeys(which["card_ids"])))
    elif which.get("set_id"):
        release = release_detail(which["set_id"])
        lines = many.of_set(release.pk, missing_for=by if which["missing_only"] else None)
    else:
        lines = many.of_inventory(by)
    is_on = told.pop("is_active", True)
    terms = Terms(kind=kind, away=away, is_on=is_on, **fields_of(kind, told))
    return many.set_for_all(by=by, lines=lines, terms=terms)


def _each(by: User, rows: object) -> list[Line]:
    """Each alert as it was sent. Raises InvalidInput where these are no lines, or too many."""
    if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_LINES:
        raise InvalidInput(f"alerts is a list of 1 to {MOST_LINES} alerts.", field="alerts")
    checked = [NewAlert(data=row) for row in rows]
    valid = [each for each in checked if each.is_valid()]
    products = queries.cards_by_id({each.validated_data.get("card_id") for each in valid} - {None})
    variants = queries.variants_by_id({each.validated_data.get("variant_id") for each in valid} - {None})
    lines: list[Line] = []
    wanted: list[Wanted] = []
    for number, each in enumerate(checked, 1):
        if each.errors:
            error = InvalidInput("Some of this line cannot be used.", **each.errors)
            lines.append(Line(number, "", error=error))
            continue
        told = dict(each.validated_data)
        card, kind, is_on = told.pop("card_id", None), told.pop("alert_type"), told.pop("is_active", True)
        product, asked = products.get(card), told.pop("variant_id", None)
        variant = variants.get(asked)
        name = product.name if product else ""
        if card is not None and product is None:
            lines.append(Line(number, "", error=queries.no_such_card()))
        elif asked is not None and (variant is None or product is None or variant.product_id != product.pk):
            lines.append(Line(number, name, error=InvalidInput("This is no printing of the card.", field="variant_id")))
        else:
            wanted.append(Wanted(kind=kind, product=product, variant=variant, is_on=is_on, **fields_of(kind, told)))
            lines.append(Line(number, name))
    outcomes = iter(actions.set_rules(by=by, wanted=wanted))
    return [line if line.error is not None else many.with_outcome(line, next(outcomes)) for line in lines]
