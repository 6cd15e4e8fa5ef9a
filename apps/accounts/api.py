"""REST: register, sign in and out, who one is, API keys."""

from __future__ import annotations

import uuid

from allauth.account.models import EmailAddress
from django.contrib.auth import authenticate
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, inline_serializer
from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import actions, queries, second_factor, tokens
from apps.accounts.consent.texts import Purpose
from apps.accounts.models import APIKey, Scope, SignIn, User
from apps.accounts.permissions import HasScope, IsPerson, JustSignedIn
from apps.accounts.sessions.device import network_of
from apps.core.countries import COUNTRIES
from apps.core.errors import BadCredentials, InvalidInput
from apps.core.ids import uuid7
from apps.core.throttling import address_of, forgive, guard, private

# Guessing one account's password, many accounts from one address, and making accounts by the thousand.
_TRIES_PER_ACCOUNT = RateLimitItemPerMinute(10, 15)  # from one network, so that nobody locks out somebody elsewhere
_TRIES_IN_ALL = RateLimitItemPerHour(200)  # for one account, from everywhere
_TRIES_PER_ADDRESS = RateLimitItemPerMinute(30, 5)
_REGISTRATIONS = RateLimitItemPerHour(20)

_WRONG = "The e-mail address or the password is wrong, or the address is not verified yet."


class RegisterInput(serializers.Serializer):
    """A new account."""

    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=200, trim_whitespace=False, write_only=True)
    first_name = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")
    last_name = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")
    agreed = serializers.ListField(
        child=serializers.ChoiceField(Purpose.choices),
        required=False,
        default=list,
        max_length=len(Purpose),
        help_text="What the new member was shown and agreed to (GET /me/consents). The pages ask for what is left out.",
    )


class RegisterOutput(serializers.Serializer):
    """What a registration answers. The key works once the address is verified."""

    user_id = serializers.UUIDField()
    email = serializers.EmailField()
    api_key = serializers.CharField()
    email_verification_sent = serializers.BooleanField()


class LoginInput(serializers.Serializer):
    """E-mail and password."""

    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=200, trim_whitespace=False, write_only=True)
    code = serializers.CharField(
        max_length=20,
        required=False,
        default="",
        write_only=True,
        help_text="The authenticator app's code, or a recovery code, where the account has two-step sign-in.",
    )


class LoginUser(serializers.Serializer):
    """Who signed in. `api_key` is always null: only a hash of a key is kept, so it cannot be shown again."""

    id = serializers.UUIDField()
    email = serializers.EmailField()
    first_name = serializers.CharField()
    api_key = serializers.CharField(allow_null=True)


class TokenOutput(serializers.Serializer):
    """A pair of tokens; `expires_in` is the access token's life in seconds."""

    access_token = serializers.CharField()
    refresh_token = serializers.CharField()
    expires_in = serializers.IntegerField()


class LoginOutput(TokenOutput):
    """A pair of tokens, and whose they are."""

    user = LoginUser()


class RefreshInput(serializers.Serializer):
    """A refresh token."""

    refresh_token = serializers.CharField(max_length=4000)


class Me(serializers.Serializer):
    """The member as they see themselves."""

    id = serializers.UUIDField(read_only=True)
    email = serializers.EmailField(read_only=True)
    role = serializers.CharField(read_only=True)
    display_name = serializers.CharField(max_length=40, required=False, allow_blank=True)
    first_name = serializers.CharField(max_length=80, required=False, allow_blank=True)
    last_name = serializers.CharField(max_length=80, required=False, allow_blank=True)
    country = serializers.ChoiceField(COUNTRIES, required=False)
    about = serializers.CharField(max_length=500, required=False, allow_blank=True)
    member_since = serializers.DateTimeField(source="date_joined", read_only=True)


class KeyInput(serializers.Serializer):
    """A key to make."""

    name = serializers.CharField(max_length=60)
    scopes = serializers.ListField(child=serializers.ChoiceField(Scope.choices), min_length=1, max_length=len(Scope))
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class KeyOutput(serializers.Serializer):
    """A key as it can be shown again: never the key itself."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    prefix = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    state = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)

    def get_state(self, key: APIKey) -> str:
        """active, expired or revoked."""
        return key.state(at=timezone.now())


class NewKeyOutput(KeyOutput):
    """A fresh key with its secret, this once."""

    api_key = serializers.CharField()


def _pair(made: tokens.Tokens) -> dict[str, object]:
    return {"access_token": made.access, "refresh_token": made.refresh, "expires_in": made.expires_in}


class _Open(APIView):
    """For everybody; a stale token in the headers does not stand in the way."""

    authentication_classes: list[type] = []
    permission_classes = [AllowAny]


class Register(_Open):
    """New accounts."""

    @extend_schema(tags=["auth"], request=RegisterInput, responses={201: RegisterOutput})
    def post(self, request: Request) -> Response:
        """Make an account. A link to verify the address is mailed; the API key works from then on.

        The answer is the same for an address that has an account: its owner is told by mail, nobody else is.
        """
        guard(request, _REGISTRATIONS, "register", address_of(request))
        wanted = RegisterInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        fields = wanted.validated_data
        made = actions.register(**fields, request=request._request)
        body = {
            "user_id": made.user.pk if made.user else uuid7(),
            "email": fields["email"].strip().lower(),
            "api_key": made.secret or APIKey.new_secret(),
            "email_verification_sent": True,
        }
        return Response(RegisterOutput(body).data, status=status.HTTP_201_CREATED)


class Verify(_Open):
    """The link of the verification mail, for programs."""

    @extend_schema(
        tags=["auth"],
        responses=inline_serializer(
            "Verified", {"email": serializers.EmailField(), "email_verified": serializers.BooleanField()}
        ),
    )
    def get(self, request: Request, key: str) -> Response:
        """Verify an address by the key that was mailed to it."""
        address = actions.verify_email(key=key, request=request._request)
        return Response({"email": address.email, "email_verified": True})


class Login(_Open):
    """Signing in of programs."""

    @extend_schema(
        tags=["auth"],
        request=LoginInput,
        responses={
            200: LoginOutput,
            401: OpenApiResponse(description=_WRONG),
            429: OpenApiResponse(description="Too many tries"),
        },
    )
    def post(self, request: Request) -> Response:
        """E-mail and password for an access token (an hour) and a refresh token (30 days)."""
        wanted = LoginInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        user = _checked(request, **wanted.validated_data)
        made = tokens.open_sign_in(user)
        person = {"id": user.pk, "email": user.email, "first_name": user.first_name, "api_key": None}
        return Response(LoginOutput(_pair(made) | {"user": person}).data)


def _checked(request: Request, *, email: str, password: str, code: str) -> User:
    """The user with that password and code, if the address is verified; other cases look the same from outside."""
    account = ("login", "account", private(email), network_of(address_of(request)))
    guard(request, _TRIES_PER_ADDRESS, "login", "address", address_of(request))
    guard(request, _TRIES_PER_ACCOUNT, *account)
    guard(request, _TRIES_IN_ALL, "login", "all", private(email))
    user = authenticate(request._request, email=email, password=password)
    if user is None or not EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists():
        raise BadCredentials(_WRONG)
    second_factor.check_code(user=user, code=code)
    if second_factor.is_missing(user):
        raise second_factor.SecondFactorMissing
    forgive(_TRIES_PER_ACCOUNT, *account)
    return user


class Refresh(_Open):
    """New tokens for old."""

    @extend_schema(tags=["auth"], request=RefreshInput, responses=TokenOutput)
    def post(self, request: Request) -> Response:
        """A new pair of tokens. The refresh token is used up; using it twice ends the sign-in."""
        wanted = RefreshInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        try:
            made = tokens.refresh(wanted.validated_data["refresh_token"])
        except tokens.BadToken:
            raise BadCredentials("The refresh token is not valid any more. Sign in again.") from None
        return Response(TokenOutput(_pair(made)).data)


class Logout(APIView):
    """Signing out of programs."""

    permission_classes = [IsPerson]

    @extend_schema(tags=["auth"], request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """End the sign-in of the bearer token: its access and refresh tokens stop working at once."""
        if not isinstance(request.auth, SignIn):
            raise InvalidInput("Send the access token that you want to end as a bearer token.")
        tokens.end(request.auth, because="signed out")
        return Response(status=status.HTTP_204_NO_CONTENT)


class MyProfile(APIView):
    """Who one is."""

    def get_permissions(self) -> list[HasScope | IsPerson]:
        """A key may read it, a person may change it."""
        return [HasScope()] if self.request.method == "GET" else [IsPerson()]

    @extend_schema(tags=["me"], responses=Me)
    def get(self, request: Request) -> Response:
        """The member's own profile."""
        return Response(Me(request.user).data)

    @extend_schema(tags=["me"], request=Me, responses=Me)
    def patch(self, request: Request) -> Response:
        """Change the profile; only what is sent."""
        wanted = Me(data=request.data, partial=True)
        wanted.is_valid(raise_exception=True)
        return Response(Me(actions.change_profile(user=request.user, by=request.user, **wanted.validated_data)).data)


class KeyList(APIView):
    """The member's API keys. A key can neither see nor make keys."""

    def get_permissions(self) -> list[IsPerson | JustSignedIn]:
        """A person may see them; making one needs to have shown lately who one is."""
        return [IsPerson()] if self.request.method == "GET" else [IsPerson(), JustSignedIn()]

    @extend_schema(tags=["me"], responses=inline_serializer("Keys", {"api_keys": KeyOutput(many=True)}))
    def get(self, request: Request) -> Response:
        """All keys, good ones first."""
        return Response({"api_keys": KeyOutput(queries.api_keys(user=request.user), many=True).data})

    @extend_schema(
        tags=["me"],
        request=KeyInput,
        responses={201: NewKeyOutput},
        examples=[
            OpenApiExample(
                "Reading and listing",
                value={"name": "Shop sync", "scopes": ["read", "listings:write"]},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Make a key. `api_key` in the answer is the key itself, shown this once."""
        wanted = KeyInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        key, secret = actions.create_api_key(user=request.user, by=request.user, **wanted.validated_data)
        return Response(KeyOutput(key).data | {"api_key": secret}, status=status.HTTP_201_CREATED)


class KeyDetail(APIView):
    """One key."""

    permission_classes = [IsPerson]

    @extend_schema(tags=["me"], responses={204: None})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Revoke it, at once and for good."""
        actions.revoke_api_key(key=queries.api_key_for(user=request.user, pk=pk), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class KeyRotation(APIView):
    """A new key in place of one."""

    permission_classes = [IsPerson, JustSignedIn]

    @extend_schema(tags=["me"], operation_id="rotate_api_key", request=None, responses={201: NewKeyOutput})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """A key with the same name, scopes and end. The old one goes on working for a day."""
        key, secret = actions.rotate_api_key(key=queries.api_key_for(user=request.user, pk=pk), by=request.user)
        return Response(KeyOutput(key).data | {"api_key": secret}, status=status.HTTP_201_CREATED)
