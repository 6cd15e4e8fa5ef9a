"""REST: what the member agreed to, and changing it. Never for API keys."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.consent import actions, queries
from apps.accounts.consent.models import Consent, Where
from apps.accounts.consent.texts import Purpose
from apps.accounts.permissions import IsPerson


class ConsentOutput(serializers.Serializer):
    """One purpose. given: whether the wording in force is agreed to; given_version, at: the latest answer, empty without one."""

    purpose = serializers.CharField(source="text.purpose.value")
    title = serializers.CharField(source="text.purpose.label")
    detail = serializers.CharField(source="text.detail")
    is_required = serializers.BooleanField(source="text.is_required")
    version = serializers.CharField(source="text.version")
    given = serializers.BooleanField(source="holds")
    given_version = serializers.CharField(source="version")
    at = serializers.DateTimeField(allow_null=True)


class ConsentInput(serializers.Serializer):
    """An answer to one text; `version` is the wording that was read."""

    purpose = serializers.ChoiceField(Purpose.choices)
    version = serializers.CharField(max_length=10)
    given = serializers.BooleanField()


class AnswerOutput(serializers.ModelSerializer):
    """An answer of the record."""

    class Meta:
        model = Consent
        fields = ["purpose", "version", "given", "where", "created_at"]


CONSENTS = inline_serializer("Consents", {"consents": ConsentOutput(many=True), "history": AnswerOutput(many=True)})


class Consents(APIView):
    """What the member agreed to."""

    permission_classes = [IsPerson]

    @extend_schema(tags=["me"], operation_id="consents", responses=CONSENTS)
    def get(self, request: Request) -> Response:
        """Every text with the latest answer, and the record, newest first. Texts stand at /legal/{purpose}/{version}/."""
        return self._told(request)

    @extend_schema(tags=["me"], operation_id="consent", request=ConsentInput, responses=CONSENTS)
    def post(self, request: Request) -> Response:
        """Agree, or take it back. 409 where another version is in force, and for taking back what the account stands on."""
        wanted = ConsentInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        said = wanted.validated_data
        actions.answer(
            member=request.user,
            answers={said["purpose"]: said["given"]},
            versions={said["purpose"]: said["version"]},
            where=Where.API,
        )
        return self._told(request)

    def _told(self, request: Request) -> Response:
        found = queries.standings(member_id=request.user.pk)
        record = queries.history(member_id=request.user.pk)
        return Response(
            {"consents": ConsentOutput(found, many=True).data, "history": AnswerOutput(record, many=True).data}
        )
