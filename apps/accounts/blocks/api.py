"""REST: the block list over the same actions and queries as the pages."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts import queries as accounts
from apps.accounts.blocks import actions, queries
from apps.core.lists import PAGING, CursorPagination, asked
from apps.core.reading import MemberRead

SCOPES = {"POST": "trades:write", "DELETE": "trades:write"}


class BlockInput(serializers.Serializer):
    """Whom to block."""

    member_id = serializers.UUIDField()


class BlockOutput(serializers.Serializer):
    """A blocked member, and since when."""

    member_id = serializers.UUIDField(source="other_id")
    display_name = serializers.CharField(source="other")
    created_at = serializers.DateTimeField()


class BlockList(MemberRead):
    """Whom the member has blocked; block somebody."""

    required_scopes = SCOPES

    @extend_schema(
        tags=["me"],
        operation_id="blocks",
        parameters=PAGING,
        responses=inline_serializer("Blocks", {"blocks": BlockOutput(many=True), "pagination": CursorPagination()}),
    )
    def get(self, request: Request) -> Response:
        """Latest first."""
        part = asked(request)
        page = queries.blocks_of(owner=request.user, limit=part.limit, offset=part.offset, after=part.after_place)
        return part.answer("blocks", BlockOutput(page.rows, many=True).data, page)

    @extend_schema(tags=["me"], operation_id="block", request=BlockInput, responses={201: BlockOutput})
    def post(self, request: Request) -> Response:
        """Neither offers, nor purchases, nor messages between the two from now on; open offers end."""
        wanted = BlockInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        made = actions.block(other=accounts.member(wanted.validated_data["member_id"]), by=request.user)
        return Response(BlockOutput(made).data, status=status.HTTP_201_CREATED)


class BlockDetail(MemberRead):
    """One blocked member."""

    required_scopes = SCOPES

    @extend_schema(tags=["me"], operation_id="unblock", responses={204: None})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Take the block of this member back; it need not be there."""
        actions.unblock(other_id=pk, by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
