"""REST: listings over the same actions and queries as the pages."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, inline_serializer
from rest_framework import serializers, status
from rest_framework.permissions import SAFE_METHODS, AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.permissions import HasScope
from apps.catalog.api import id_asked
from apps.core.lists import PAGING, CursorPagination, asked
from apps.core.reading import MemberRead
from apps.core.selection import FIELDS, only, selection
from apps.inventory import queries as inventory
from apps.listings import actions, queries


class NewListing(serializers.Serializer):
    """An offer to make."""

    item_id = serializers.UUIDField()
    price_minor = serializers.IntegerField(min_value=1)
    quantity = serializers.IntegerField(min_value=1, default=1)
    description = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class ListingChange(serializers.Serializer):
    """What can be changed of an open listing."""

    price_minor = serializers.IntegerField(min_value=1, required=False)
    quantity = serializers.IntegerField(min_value=1, required=False)
    description = serializers.CharField(max_length=500, required=False, allow_blank=True)


class SellerOutput(serializers.Serializer):
    """Who sells."""

    id = serializers.UUIDField()
    display_name = serializers.CharField()
    country = serializers.CharField()


class ShippingOutput(serializers.Serializer):
    """What shipping costs; abroad_minor: null where the seller does not ship abroad."""

    domestic_minor = serializers.IntegerField()
    abroad_minor = serializers.IntegerField(allow_null=True)
    tracked = serializers.BooleanField()


class ListingOutput(serializers.Serializer):
    """A listing as the API shows it; money in minor units."""

    id = serializers.UUIDField()
    state = serializers.CharField()
    seller = serializers.SerializerMethodField()
    card_id = serializers.UUIDField(source="item.variant.product_id")
    card_name = serializers.CharField(source="item.variant.product.name")
    card_number = serializers.CharField(source="item.variant.product.number")
    set_identifier = serializers.CharField(source="item.variant.product.release.code")
    variant_id = serializers.UUIDField(source="item.variant_id")
    finish = serializers.CharField(source="item.variant.finish")
    language = serializers.CharField(source="item.variant.language")
    condition = serializers.CharField(source="item.condition_label")
    quantity = serializers.IntegerField()
    price_minor = serializers.IntegerField()
    currency = serializers.CharField()
    shipping = serializers.SerializerMethodField()
    description = serializers.CharField()
    under_review_since = serializers.DateTimeField(source="checked_since", allow_null=True)
    created_at = serializers.DateTimeField()

    @extend_schema_field(SellerOutput)
    def get_seller(self, listing: object) -> dict[str, str]:
        """Who sells."""
        return {"id": str(listing.seller_id), "display_name": str(listing.seller), "country": listing.seller.country}

    @extend_schema_field(ShippingOutput)
    def get_shipping(self, listing: object) -> dict[str, int | bool | None]:
        """What shipping costs."""
        return {
            "domestic_minor": listing.domestic_minor,
            "abroad_minor": listing.abroad_minor,
            "tracked": listing.shipping.is_tracked,
        }


class _PublicToRead(MemberRead):
    def get_permissions(self) -> list[BasePermission]:
        """Anybody reads; writing needs the scope."""
        return [AllowAny()] if self.request.method in SAFE_METHODS else [HasScope()]


class ListingList(_PublicToRead):
    """Active listings of everybody; make one's own."""

    required_scopes = {"POST": "listings:write"}

    @extend_schema(
        tags=["listings"],
        operation_id="listings",
        parameters=[
            OpenApiParameter("card_id", uuid.UUID, description="of this card alone"),
            OpenApiParameter("seller_id", uuid.UUID, description="of this member alone"),
            *PAGING,
            FIELDS,
        ],
        responses=inline_serializer(
            "Listings", {"listings": ListingOutput(many=True), "pagination": CursorPagination()}
        ),
    )
    def get(self, request: Request) -> Response:
        """Newest first; of one card or seller where asked."""
        part, chosen = asked(request), selection(request, ListingOutput)
        page = queries.public_page(
            product_id=id_asked(request, "card_id"), seller_id=id_asked(request, "seller_id"), limit=part.limit,
            offset=part.offset, after=part.after_place,
        )  # fmt: skip
        return part.answer("listings", only(chosen, ListingOutput(page.rows, many=True).data), page)

    @extend_schema(tags=["listings"], operation_id="listing_make", request=NewListing, responses={201: ListingOutput})
    def post(self, request: Request) -> Response:
        """Offer copies of an inventory item."""
        wanted = NewListing(data=request.data)
        wanted.is_valid(raise_exception=True)
        fields = dict(wanted.validated_data)
        item = inventory.item_for(owner=request.user, pk=fields.pop("item_id"))
        made = actions.list_item(item=item, by=request.user, **fields)
        shown = queries.listing_for(pk=made.pk, reader=request.user)
        return Response(ListingOutput(shown).data, status=status.HTTP_201_CREATED)


class ListingDetail(_PublicToRead):
    """One listing."""

    required_scopes = {"PATCH": "listings:write", "DELETE": "listings:write"}

    @extend_schema(tags=["listings"], operation_id="listing", responses=ListingOutput)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """The listing with its shipping."""
        reader = request.user if request.user.is_authenticated else None
        return Response(ListingOutput(queries.listing_for(pk=pk, reader=reader)).data)

    @extend_schema(tags=["listings"], operation_id="listing_change", request=ListingChange, responses=ListingOutput)
    def patch(self, request: Request, pk: uuid.UUID) -> Response:
        """Change price, copies or description."""
        wanted = ListingChange(data=request.data)
        wanted.is_valid(raise_exception=True)
        found = queries.own_listing(seller=request.user, pk=pk)
        actions.change_listing(listing=found, by=request.user, **wanted.validated_data)
        return Response(ListingOutput(queries.own_listing(seller=request.user, pk=pk)).data)

    @extend_schema(tags=["listings"], operation_id="listing_withdraw", responses={204: None})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Withdraw it."""
        actions.withdraw(listing=queries.own_listing(seller=request.user, pk=pk), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
