"""REST: exports of the own data and deletion of the own account. Never for API keys."""

from __future__ import annotations

import uuid

from django.core.files.storage import default_storage
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.permissions import IsPerson
from apps.privacy import actions, queries
from apps.privacy.models import DataExport, Erasure


class DataExportOutput(serializers.ModelSerializer):
    """An export; `size` in bytes."""

    class Meta:
        model = DataExport
        fields = ["id", "state", "size", "created_at", "finished_at"]


class ErasureOutput(serializers.ModelSerializer):
    """A wish to be forgotten; `waits_for` says why it was not carried out when due."""

    class Meta:
        model = Erasure
        fields = ["id", "created_at", "due_at", "waits_for"]


class DataExports(APIView):
    """The latest export, and asking for one."""

    permission_classes = [IsPerson]

    @extend_schema(
        tags=["me"],
        operation_id="data_export",
        responses=inline_serializer("LatestDataExport", {"export": DataExportOutput(allow_null=True)}),
    )
    def get(self, request: Request) -> Response:
        """The latest export; null when there was none."""
        export = queries.overview(member=request.user).export
        return Response({"export": DataExportOutput(export).data if export else None})

    @extend_schema(tags=["me"], operation_id="ask_data_export", request=None, responses={202: DataExportOutput})
    def post(self, request: Request) -> Response:
        """Put everything together in the background."""
        export = actions.ask_export(by=request.user)
        return Response(DataExportOutput(export).data, status=status.HTTP_202_ACCEPTED)


class DataExportFile(APIView):
    """The archive of an export."""

    permission_classes = [IsPerson]

    @extend_schema(
        tags=["me"], operation_id="data_export_file", responses={(200, "application/zip"): OpenApiTypes.BINARY}
    )
    def get(self, request: Request, pk: uuid.UUID) -> FileResponse:
        """A ZIP archive: data.json, a CSV for each table, and the member's files."""
        export = queries.ready_export(member=request.user, pk=pk)
        return FileResponse(default_storage.open(export.file), as_attachment=True, content_type="application/zip")


class MyErasure(APIView):
    """Deletion of the own account, fourteen days ahead."""

    permission_classes = [IsPerson]

    @extend_schema(
        tags=["me"],
        operation_id="erasure",
        responses=inline_serializer("OpenErasure", {"erasure": ErasureOutput(allow_null=True)}),
    )
    def get(self, request: Request) -> Response:
        """What was asked for; null when nothing was."""
        erasure = queries.overview(member=request.user).erasure
        return Response({"erasure": ErasureOutput(erasure).data if erasure else None})

    @extend_schema(tags=["me"], operation_id="ask_erasure", request=None, responses={202: ErasureOutput})
    def post(self, request: Request) -> Response:
        """Ask for it. 409 ERASURE_BLOCKED with reasons while something is not finished."""
        erasure = actions.ask_erasure(by=request.user)
        return Response(ErasureOutput(erasure).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(tags=["me"], operation_id="cancel_erasure", responses={204: None})
    def delete(self, request: Request) -> Response:
        """Keep the account."""
        actions.cancel_erasure(by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
