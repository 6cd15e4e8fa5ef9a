"""REST: the apps that may act for a member, and a developer's own apps."""

from __future__ import annotations

from allauth.idp.oidc.models import Client
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.models import Scope
from apps.accounts.oauth import actions, queries
from apps.accounts.permissions import IsPerson, JustSignedIn


class ConnectionOutput(serializers.Serializer):
    """An app that may act for the member."""

    client_id = serializers.CharField(source="app.pk")
    name = serializers.CharField(source="app.name")
    scopes = serializers.ListField(child=serializers.CharField())
    since = serializers.DateTimeField()


class AppInput(serializers.Serializer):
    """An app to register."""

    name = serializers.CharField(max_length=60)
    redirect_uris = serializers.ListField(child=serializers.CharField(max_length=400), min_length=1, max_length=5)
    scopes = serializers.ListField(child=serializers.ChoiceField(Scope.choices), min_length=1, max_length=len(Scope))
    is_public = serializers.BooleanField(default=False)


class AppOutput(serializers.Serializer):
    """A registered app."""

    client_id = serializers.CharField(source="pk")
    name = serializers.CharField()
    type = serializers.CharField()
    redirect_uris = serializers.ListField(child=serializers.CharField(), source="get_redirect_uris")
    scopes = serializers.ListField(child=serializers.CharField(), source="get_scopes")
    created_at = serializers.DateTimeField()


class NewAppOutput(AppOutput):
    """A fresh app with its secret, this once; empty for a public one."""

    client_secret = serializers.CharField(allow_blank=True)


class ConnectionList(APIView):
    """The apps that may act for the member. Neither for keys nor for apps."""

    permission_classes = [IsPerson]

    @extend_schema(
        tags=["me"],
        operation_id="connected_apps",
        responses=inline_serializer("ConnectedApps", {"apps": ConnectionOutput(many=True)}),
    )
    def get(self, request: Request) -> Response:
        """Latest first."""
        return Response({"apps": ConnectionOutput(queries.connections(user=request.user), many=True).data})


class ConnectionDetail(APIView):
    """One app that may act for the member."""

    permission_classes = [IsPerson]

    @extend_schema(tags=["me"], operation_id="disconnect_app", responses={204: None})
    def delete(self, request: Request, pk: str) -> Response:
        """Take its access back, at once."""
        actions.disconnect(app=queries.connected_app(user=request.user, pk=pk), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class AppList(APIView):
    """A developer's own apps."""

    def get_permissions(self) -> list[IsPerson | JustSignedIn]:
        """A person may see them; registering one needs to have shown lately who one is."""
        return [IsPerson()] if self.request.method == "GET" else [IsPerson(), JustSignedIn()]

    @extend_schema(
        tags=["me"], operation_id="apps", responses=inline_serializer("Apps", {"apps": AppOutput(many=True)})
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        return Response({"apps": AppOutput(queries.apps_of(owner=request.user), many=True).data})

    @extend_schema(tags=["me"], operation_id="register_app", request=AppInput, responses={201: NewAppOutput})
    def post(self, request: Request) -> Response:
        """Register an app. `client_secret` in the answer is shown this once."""
        wanted = AppInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        app, secret = actions.register_app(**wanted.validated_data, by=request.user)
        return Response(AppOutput(app).data | {"client_secret": secret}, status=status.HTTP_201_CREATED)


class AppDetail(APIView):
    """One of a developer's own apps."""

    permission_classes = [IsPerson]

    def _app(self, request: Request, pk: str) -> Client:
        return queries.app_of(owner=request.user, pk=pk)

    @extend_schema(tags=["me"], operation_id="remove_app", responses={204: None})
    def delete(self, request: Request, pk: str) -> Response:
        """Remove it; its tokens end at once."""
        actions.remove_app(app=self._app(request, pk), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
