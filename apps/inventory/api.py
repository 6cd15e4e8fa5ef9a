"""REST: the member's inventory over the same actions and queries as the pages."""

from __future__ import annotations

import uuid

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.catalog.models import Variant
from apps.core.conditions import Condition, GradeCompany
from apps.core.lists import PAGING, CursorPagination, asked
from apps.core.reading import MemberRead
from apps.core.selection import FIELDS, only, selection
from apps.inventory import actions, queries
from apps.inventory.models import InventoryItem, Movement


class ItemInput(serializers.Serializer):
    """What a client may say of an item."""

    quantity = serializers.IntegerField(min_value=1, max_value=actions.MOST_COPIES, required=False)
    condition = serializers.ChoiceField(Condition.choices, required=False, allow_blank=True)
    grade_company = serializers.ChoiceField(GradeCompany.choices, required=False, allow_blank=True)
    grade = serializers.DecimalField(
        max_digits=3, decimal_places=1, min_value=1, max_value=10, required=False, allow_null=True
    )
    unit_cost_minor = serializers.IntegerField(min_value=0, max_value=10**12, required=False, allow_null=True)
    notes = serializers.CharField(max_length=500, required=False, allow_blank=True)

    def validate_grade(self, value: object) -> object:
        """Grades come in halves."""
        if value is not None and (value * 2) % 1:
            raise serializers.ValidationError("Grades are 1 to 10 in halves.")
        return value


class NewItemInput(ItemInput):
    """An item to add: its printing, and the rest. The same request_key adds once."""

    variant_id = serializers.UUIDField()
    request_key = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")


class ItemOutput(serializers.Serializer):
    """An item as the API shows it; money in minor units, values in major units with their date."""

    id = serializers.UUIDField()
    variant_id = serializers.UUIDField()
    card_id = serializers.UUIDField(source="variant.product_id")
    card_name = serializers.CharField(source="variant.product.name")
    card_number = serializers.CharField(source="variant.product.number")
    set_identifier = serializers.CharField(source="variant.product.release.code")
    finish = serializers.CharField(source="variant.finish")
    language = serializers.CharField(source="variant.language")
    condition = serializers.CharField()
    grade_company = serializers.CharField()
    grade = serializers.DecimalField(max_digits=3, decimal_places=1, coerce_to_string=False, allow_null=True)
    quantity = serializers.IntegerField()
    reserved = serializers.IntegerField()
    unit_cost_minor = serializers.IntegerField(allow_null=True)
    currency = serializers.CharField()
    unit_value = serializers.DecimalField(max_digits=12, decimal_places=2, coerce_to_string=False, allow_null=True)
    value_observed_at = serializers.DateTimeField(allow_null=True)
    provenance = serializers.DictField()
    notes = serializers.CharField()
    created_at = serializers.DateTimeField()


def _shown(request: Request, pk: uuid.UUID) -> dict[str, object]:
    return ItemOutput(queries.item_for(owner=request.user, pk=pk)).data


class InventoryList(MemberRead):
    """The member's items."""

    required_scopes = {"POST": "inventory:write"}

    @extend_schema(
        tags=["inventory"],
        operation_id="inventory",
        parameters=[OpenApiParameter("q", str, description="words of name, set, number or notes"), *PAGING, FIELDS],
        responses=inline_serializer("Inventory", {"items": ItemOutput(many=True), "pagination": CursorPagination()}),
    )
    def get(self, request: Request) -> Response:
        """One page of the inventory, newest first."""
        part, chosen = asked(request), selection(request, ItemOutput)
        page = queries.items_page(
            owner=request.user, text=request.query_params.get("q", "")[:100], limit=part.limit, offset=part.offset,
            after=part.after_place,
        )  # fmt: skip
        return part.answer("items", only(chosen, ItemOutput(page.rows, many=True).data), page)

    @extend_schema(tags=["inventory"], operation_id="inventory_add", request=NewItemInput, responses={201: ItemOutput})
    def post(self, request: Request) -> Response:
        """Add copies of a printing."""
        wanted = NewItemInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        fields = dict(wanted.validated_data)
        variant = get_object_or_404(Variant, pk=fields.pop("variant_id"))
        fields.setdefault("condition", "" if fields.get("grade") is not None else Condition.NM)
        key = fields.pop("request_key")
        made = actions.add_item(
            owner=request.user, variant=variant, by=request.user, kind=Movement.Kind.ACQUIRED,
            provenance={"from": "api"}, cause=f"api:{key}" if key else "", **fields,
        )  # fmt: skip
        return Response(_shown(request, made.pk), status=status.HTTP_201_CREATED)


class InventoryDetail(MemberRead):
    """One item of the member."""

    required_scopes = {"PATCH": "inventory:write", "DELETE": "inventory:write"}

    @extend_schema(tags=["inventory"], operation_id="inventory_item", responses=ItemOutput)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """The item with its value."""
        return Response(_shown(request, pk))

    @extend_schema(tags=["inventory"], operation_id="inventory_item_change", request=ItemInput, responses=ItemOutput)
    def patch(self, request: Request, pk: uuid.UUID) -> Response:
        """Change what is said of it."""
        wanted = ItemInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        actions.adjust_item(item=self._mine(request, pk), by=request.user, **wanted.validated_data)
        return Response(_shown(request, pk))

    @extend_schema(tags=["inventory"], operation_id="inventory_item_remove", responses={204: None})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Take it out of the inventory."""
        actions.remove_item(item=self._mine(request, pk), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _mine(self, request: Request, pk: uuid.UUID) -> InventoryItem:
        return queries.item_for(owner=request.user, pk=pk)
