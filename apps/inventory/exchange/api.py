"""REST: imports into the member's inventory over the same actions and queries as the pages. Exports: api_exports.py."""

from __future__ import annotations

import uuid
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.models import Scope
from apps.catalog.models import Variant
from apps.core.conditions import Condition
from apps.core.errors import InvalidInput
from apps.core.lists import BY_OFFSET, Pagination
from apps.core.pagination import limit_offset
from apps.inventory.exchange import actions, queries, repairs
from apps.inventory.exchange.formats import FORMATS
from apps.inventory.exchange.layouts import FIELDS
from apps.inventory.exchange.models import ImportLine, InventoryImport
from apps.inventory.exchange.vocabulary import NAMES
from apps.inventory.models import Binder

_WRITES = Scope.INVENTORY


class ReadInput(serializers.Serializer):
    """How a file is to be read. mapping: what each column says, "" where it is left out; without one as we found out."""

    mapping = serializers.ListField(
        child=serializers.ChoiceField(list(FIELDS), allow_blank=True), required=False, allow_empty=False
    )
    condition = serializers.ChoiceField(Condition.choices, default="NM")
    language = serializers.ChoiceField(list(NAMES), default="en")
    currency = serializers.RegexField("^[A-Z]{3}$", required=False, help_text="of amounts that name none")
    binder_id = serializers.UUIDField(required=False, allow_null=True)
    keep_apart = serializers.BooleanField(default=False, help_text="every line becomes an item of its own")
    add = serializers.BooleanField(default=False, help_text="add what is matched without a look at the report")


class ImportInput(serializers.Serializer):
    """A file, and where it comes from. It is read at once where its columns are known, unless `wait` is true."""

    file = serializers.FileField()
    layout = serializers.ChoiceField(list(FORMATS), required=False, allow_blank=True, default="")
    wait = serializers.BooleanField(default=False, help_text="only look at the columns; read with the next request")
    add = serializers.BooleanField(default=False, help_text="add what is matched without a look at the report")
    request_key = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")


class ImportOutput(serializers.ModelSerializer):
    """An import: its state, how it is read, and how many lines stand where."""

    layout = serializers.CharField(source="format")
    lines = serializers.SerializerMethodField()

    class Meta:
        model = InventoryImport
        fields = (
            "id", "state", "file_name", "size", "bytes_read", "layout", "encoding", "delimiter", "heading_line", "columns",
            "mapping", "error", "lines", "created_at", "finished_at",
        )  # fmt: skip

    def get_lines(self, origin: InventoryImport) -> dict[str, int]:
        """Count of lines by state."""
        return queries.counts_of(origin).by_state


class LineInput(serializers.Serializer):
    """An answer to what a line waits for: one of a printing, changed words, or that it is left out."""

    variant_id = serializers.UUIDField(required=False)
    said = serializers.DictField(child=serializers.CharField(allow_blank=True, max_length=500), required=False)
    dismissed = serializers.BooleanField(required=False, help_text="true: leave it out; false: take it up again")
    part = serializers.IntegerField(min_value=0, max_value=1, default=0)
    alike = serializers.BooleanField(default=True, help_text="the same for all lines that are alike")


class ImportLineOutput(serializers.ModelSerializer):
    """A line of a file, what it says, and what became of it."""

    class Meta:
        model = ImportLine
        fields = (
            "line", "part", "state", "said", "problem", "reason", "variant_id", "candidates", "quantity", "condition",
            "grade_company", "grade", "unit_cost_minor", "currency", "acquired_on", "item_id",
        )  # fmt: skip


class ImportList(APIView):
    """The member's imports."""

    required_scopes = {"POST": _WRITES}
    parser_classes = [MultiPartParser]

    @extend_schema(
        tags=["inventory"],
        operation_id="imports",
        parameters=BY_OFFSET,
        responses=inline_serializer("Imports", {"imports": ImportOutput(many=True), "pagination": Pagination()}),
    )
    def get(self, request: Request) -> Response:
        """One page of imports, newest first."""
        limit, offset = limit_offset(request)
        page = queries.imports_of(owner=request.user, limit=limit, offset=offset)
        return Response({"imports": ImportOutput(page.rows, many=True).data, "pagination": page.envelope()})

    @extend_schema(tags=["inventory"], request={"multipart/form-data": ImportInput}, responses={201: ImportOutput})
    def post(self, request: Request) -> Response:
        """Send a file. Follow its `state`: preview (say how to read it), reading, review, adding."""
        wanted = ImportInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        told = wanted.validated_data
        origin = actions.start_import(
            upload=told["file"], file_name=told["file"].name, by=request.user, slug=told["layout"],
            request_key=told["request_key"],
        )  # fmt: skip
        if not told["wait"] and origin.format and origin.state == InventoryImport.State.PREVIEW:
            origin = actions.read_import(origin=origin, by=request.user, adds_at_once=told["add"])
        return Response(ImportOutput(origin).data, status=status.HTTP_201_CREATED)


class ImportDetail(APIView):
    """One import."""

    @extend_schema(tags=["inventory"], responses=ImportOutput)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Its state and counts."""
        return Response(ImportOutput(queries.import_for(owner=request.user, pk=pk)).data)


class ImportRead(APIView):
    """How to read an import that waits for it."""

    required_scopes = {"POST": _WRITES}

    @extend_schema(tags=["inventory"], request=ReadInput, responses=ImportOutput)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Begin to read the file."""
        origin = queries.import_for(owner=request.user, pk=pk)
        wanted = ReadInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        told = wanted.validated_data
        binder = told.get("binder_id") and get_object_or_404(Binder, pk=told["binder_id"], owner=request.user)
        origin = actions.read_import(
            origin=origin, by=request.user, mapping=told.get("mapping"), binder=binder or None,
            condition=told["condition"], language=told["language"], currency=told.get("currency", ""),
            keeps_apart=told["keep_apart"], adds_at_once=told["add"],
        )  # fmt: skip
        return Response(ImportOutput(origin).data)


class ImportStep(APIView):
    """A step of an import: add what is matched, cancel, undo."""

    required_scopes = {"POST": _WRITES}
    step = staticmethod(actions.add_matched)

    @extend_schema(tags=["inventory"], request=None, responses=ImportOutput)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Begin it; it is safe to repeat."""
        origin = type(self).step(origin=queries.import_for(owner=request.user, pk=pk), by=request.user)
        return Response(ImportOutput(origin).data)


class ImportAdd(ImportStep):
    """Put what is matched into the inventory."""


class ImportCancel(ImportStep):
    """Stop an import."""

    step = staticmethod(actions.cancel_import)


class ImportUndo(ImportStep):
    """Take everything out again."""

    step = staticmethod(actions.undo_import)


class ImportLines(APIView):
    """The lines of an import."""

    @extend_schema(
        tags=["inventory"],
        parameters=[OpenApiParameter("state", str, enum=ImportLine.State.values), *BY_OFFSET],
        operation_id="import_lines",
        responses=inline_serializer("ImportLines", {"lines": ImportLineOutput(many=True), "pagination": Pagination()}),
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Lines in the order of the file."""
        limit, offset = limit_offset(request)
        state = request.query_params.get("state", "")
        if state and state not in ImportLine.State.values:
            raise InvalidInput(f"state is one of {', '.join(ImportLine.State.values)}.", field="state")
        origin = queries.import_for(owner=request.user, pk=pk)
        page = queries.lines_page(origin=origin, wanted=(state,) if state else (), limit=limit, offset=offset)
        return Response({"lines": ImportLineOutput(page.rows, many=True).data, "pagination": page.envelope()})


class ImportLineDetail(APIView):
    """One line."""

    required_scopes = {"PATCH": _WRITES}

    @extend_schema(tags=["inventory"], request=LineInput, responses=ImportLineOutput)
    def patch(self, request: Request, pk: uuid.UUID, line: int) -> Response:
        """Repair it, and by default all that are like it."""
        wanted = LineInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        told: dict[str, Any] = wanted.validated_data
        found = queries.line_for(owner=request.user, pk=pk, line=line, part=told["part"])
        if "variant_id" in told:
            variant = get_object_or_404(Variant, pk=told["variant_id"])
            repairs.pick_printing(line=found, variant=variant, by=request.user, alike=told["alike"])
        elif "said" in told:
            if unknown := sorted(set(told["said"]) - set(FIELDS)):
                raise InvalidInput("These fields do not exist.", fields=unknown)
            repairs.correct_line(line=found, by=request.user, alike=told["alike"], **told["said"])
        elif told.get("dismissed") is True:
            repairs.dismiss_lines(line=found, by=request.user, alike=told["alike"])
        elif told.get("dismissed") is False:
            repairs.take_up_again(line=found, by=request.user)
        else:
            raise InvalidInput("Give one of variant_id, said and dismissed.")
        return Response(
            ImportLineOutput(queries.line_for(owner=request.user, pk=pk, line=line, part=told["part"])).data
        )
