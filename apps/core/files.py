"""How REST answers with files: PDF and CSV beside JSON, errors always as JSON."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.core.errors import InvalidInput


def one_of(request: Request, name: str, known: list[str]) -> str:
    """A choice in the address, the first one unless told. Raises InvalidInput."""
    said = request.query_params.get(name) or known[0]
    if said not in known:
        raise InvalidInput(f"{name} is one of {', '.join(known)}.", field=name)
    return said


class _File(BaseRenderer):
    """Lets programs ask for a file as they ask for JSON. A file is sent as it is, and errors are told as JSON."""

    charset = None


class FileView(APIView):
    """Errors are JSON, whatever was asked for."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """See APIView."""
        if getattr(response, "exception", False):
            request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
        return super().finalize_response(request, response, *args, **kwargs)


class AsPdf(_File):
    """PDF."""

    media_type, format = "application/pdf", "pdf"


class AsCsv(_File):
    """CSV."""

    media_type, format = "text/csv", "csv"


PDF = {(200, "application/pdf"): OpenApiTypes.BINARY}
