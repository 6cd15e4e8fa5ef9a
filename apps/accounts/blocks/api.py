"""REST: the block list over the same actions and queries as the pages."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import queries as accounts
from apps.accounts.blocks import actions, queries
from apps.core.pagination import limit_offset

SCOPES = {"POST": "trades:write", "DELETE": "trades:write"}


class BlockInput(serializers.Serializer):
    """Whom to block."""

    member_id = serializers.UUIDField()


class BlockOutput(serializers.Serializer):
    """A blocked member, and since when."""

    member_id = serializers.UUIDField(source="other_id")
    display_name = serializers.CharField(source="other")
    created_at = serializers.DateTimeField()


class BlockList(APIView):
    """Whom the member has blocked; block somebody."""

    required_scopes = SCOPES

    @extend_schema(
        tags=["me"],
        operation_id="blocks",
        parameters=[
            OpenApiParameter("limit", int, description="how many, 1 to 100; 20 unless told"),
            OpenApiParameter("offset", int, description="how many to skip"),
        ],
        responses=inline_serializer(
            "Blocks",
            {
                "blocks": BlockOutput(many=True),
                "pagination": inline_serializer(
                    "BlocksPaging",
                    {
                        "total": serializers.IntegerField(),
                        "limit": serializers.IntegerField(),
                        "offset": serializers.IntegerField(),
                        "has_more": serializers.BooleanField(),
                    },
                ),
            },
        ),
    )
    def get(self, request: Request) -> Response:
        """Latest first."""
        limit, offset = limit_offset(request)
        page = queries.blocks_of(owner=request.user, limit=limit, offset=offset)
        return Response({"blocks": BlockOutput(page.rows, many=True).data, "pagination": page.envelope()})

    @extend_schema(tags=["me"], operation_id="block", request=BlockInput, responses={201: BlockOutput})
    def post(self, request: Request) -> Response:
        """Neither offers, nor purchases, nor messages between the two from now on; open offers end."""
        wanted = BlockInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        made = actions.block(other=accounts.member(wanted.validated_data["member_id"]), by=request.user)
        return Response(BlockOutput(made).data, status=status.HTTP_201_CREATED)


class BlockDetail(APIView):
    """One blocked member."""

    required_scopes = SCOPES

    @extend_schema(tags=["me"], operation_id="unblock", responses={204: None})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Take the block of this member back; it need not be there."""
        actions.unblock(other_id=pk, by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
