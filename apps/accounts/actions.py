"""What people do with their account: register, change the profile, keep addresses, make and revoke API keys."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress, get_emailconfirmation_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone
from limits import RateLimitItemPerMinute

from apps.accounts.consent import actions as consent
from apps.accounts.consent.models import Where
from apps.accounts.events import AccessChanged, AddressSaved
from apps.accounts.models import Address, APIKey, Role, Scope, SignIn, Tier, User, every_scope
from apps.core import audit, outbox
from apps.core.errors import Conflict, InvalidInput, NotYours
from apps.core.throttling import limiter, private

MOST_ADDRESSES = 20
MOST_ACTIVE_KEYS = 20
ROTATION_GRACE = dt.timedelta(days=1)
PROFILE_FIELDS = ("display_name", "first_name", "last_name", "country", "about")
# Registering again and again must not fill somebody's mailbox.
_ONE_MAIL = RateLimitItemPerMinute(1, 3)


@dataclass(frozen=True)
class Registration:
    """A new account, or None where the address has one already: the owner then got a mail that says so."""

    user: User | None
    api_key: APIKey | None
    secret: str


def check_password(password: str, *, email: str = "") -> None:
    """Hold a new password against the site's rules. Raises InvalidInput with their sentences."""
    try:
        validate_password(password, User(email=email))
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages), password=error.messages) from None


def register(
    *,
    email: str,
    password: str,
    first_name: str = "",
    last_name: str = "",
    agreed: Sequence[str] = (),
    request: HttpRequest | None = None,
) -> Registration:
    """Make an account with a first API key, and mail a link that verifies the address. Nothing works before that.

    agreed: purposes that the member agreed to.
    Says nothing about whether the address was known: its owner alone learns that, by mail.
    Raises InvalidInput for a password that the rules refuse.
    """
    email = email.strip().lower()
    check_password(password, email=email)
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password, first_name=first_name, last_name=last_name)
            address = EmailAddress.objects.create(user=user, email=email, primary=True, verified=False)
            consent.answer(member=user, answers=dict.fromkeys(agreed, True), where=Where.API)
            key, secret = create_api_key(user=user, name="First key", scopes=every_scope(), by=user)
    except IntegrityError:
        if not _is_taken(email):
            raise
        if _may_mail(email):
            get_adapter(request).send_account_already_exists_mail(email)
        return Registration(None, None, "")
    if _may_mail(email):
        address.send_confirmation(request, signup=True)
    return Registration(user, key, secret)


def _may_mail(email: str) -> bool:
    return limiter().hit(_ONE_MAIL, "registration-mail", private(email))


def _is_taken(email: str) -> bool:
    return User.objects.filter(email=email).exists() or EmailAddress.objects.filter(email=email).exists()


@transaction.atomic
def change_profile(*, user: User, by: User, **fields: str) -> User:
    """Change what a member says of themselves (PROFILE_FIELDS).

    Raises NotYours, InvalidInput (a field that cannot be used), Conflict (the display name is somebody else's).
    """
    if user.pk != by.pk:
        raise NotYours
    unknown = set(fields) - set(PROFILE_FIELDS)
    if unknown:
        raise InvalidInput(fields=sorted(unknown))
    user = User.objects.select_for_update().get(pk=user.pk)
    for name, value in fields.items():
        setattr(user, name, value.strip())
    try:
        user.clean_fields(exclude=[field.name for field in User._meta.fields if field.name not in fields])
    except ValidationError as error:
        raise InvalidInput(**error.message_dict) from None
    try:
        with transaction.atomic():
            user.save(update_fields=[*fields]) if fields else None
    except IntegrityError:
        raise Conflict("Somebody else has this name already. Choose another one.", field="display_name") from None
    return user


@transaction.atomic
def set_role(*, user: User, role: Role, by: User, reason: str) -> User:
    """Make somebody member, moderator or admin. Raises NotYours unless `by` is an admin, and for one's own role."""
    if by.role != Role.ADMIN or by.pk == user.pk:
        raise NotYours("Only another admin may change this role.")
    user = User.objects.select_for_update().get(pk=user.pk)
    before, user.role = user.role, role
    user.save(update_fields=["role"])
    outbox.emit(AccessChanged(member_id=user.pk))
    audit.record(action="member.role", target=user, by=by, before={"role": before}, after={"role": role}, reason=reason)
    return user


@transaction.atomic
def set_tier(*, user: User, tier: Tier, by: User, reason: str) -> User:
    """Give a member's programs another allowance of the API. Raises NotYours unless `by` is an admin."""
    if by.role != Role.ADMIN:
        raise NotYours("Only an admin may change this tier.")
    user = User.objects.select_for_update().get(pk=user.pk)
    before, user.api_tier = user.api_tier, tier
    user.save(update_fields=["api_tier"])
    audit.record(action="member.tier", target=user, by=by, before={"tier": before}, after={"tier": tier}, reason=reason)
    return user


@transaction.atomic
def set_active(*, user: User, active: bool, by: User, reason: str) -> User:
    """Close an account, or open it again. Closing ends its programs' sign-ins; sessions and keys stop by themselves.

    Raises NotYours unless `by` is an admin, and for one's own account.
    """
    if by.role != Role.ADMIN or by.pk == user.pk:
        raise NotYours("Only another admin may close or open this account.")
    user = User.objects.select_for_update().get(pk=user.pk)
    before, user.is_active = user.is_active, active
    user.save(update_fields=["is_active"])
    outbox.emit(AccessChanged(member_id=user.pk))
    if not active:
        SignIn.objects.filter(user=user, ended_at__isnull=True).update(ended_at=timezone.now(), ended_because="closed")
    audit.record(
        action="member.closed" if not active else "member.opened",
        target=user,
        by=by,
        before={"is_active": before},
        after={"is_active": active},
        reason=reason,
    )
    return user


@transaction.atomic
def save_address(*, user: User, by: User, address: Address | None = None, **fields: object) -> Address:
    """Add an address, or change one. The first is the default; a new default takes over from the old one.

    Raises NotYours, Conflict (too many addresses). Emits member.address_saved.
    """
    if user.pk != by.pk or (address is not None and address.user_id != user.pk):
        raise NotYours
    User.objects.select_for_update().only("pk").get(pk=user.pk)  # one change of somebody's addresses at a time
    others = Address.objects.filter(user=user).exclude(pk=getattr(address, "pk", None))
    if address is None:
        if len(others) >= MOST_ADDRESSES:
            raise Conflict(f"You keep {MOST_ADDRESSES} addresses already. Remove one first.")
        address = Address(user=user, is_default=False)
    for name, value in fields.items():
        setattr(address, name, value)
    address.is_default = address.is_default or not others.filter(is_default=True).exists()
    if address.is_default:
        others.filter(is_default=True).update(is_default=False)
    address.save()
    outbox.emit(AddressSaved(member_id=user.pk, address_id=address.pk, at=timezone.now()))
    return address


@transaction.atomic
def remove_address(*, address: Address, by: User) -> None:
    """Forget an address; the newest other one becomes the default where this was it. Raises NotYours."""
    if address.user_id != by.pk:
        raise NotYours
    User.objects.select_for_update().only("pk").get(pk=by.pk)
    address.delete()
    if not Address.objects.filter(user=by, is_default=True).exists():
        newest = Address.objects.filter(user=by).order_by("-created_at").first()
        if newest:
            Address.objects.filter(pk=newest.pk).update(is_default=True)


@transaction.atomic
def create_api_key(
    *, user: User, name: str, scopes: Sequence[str], by: User, expires_at: dt.datetime | None = None
) -> tuple[APIKey, str]:
    """A new key and its secret, which is shown this once. Raises NotYours, InvalidInput, Conflict (too many keys)."""
    if user.pk != by.pk:
        raise NotYours
    chosen = [scope for scope in Scope.values if scope in scopes]
    if not chosen or len(chosen) != len(set(scopes)):
        raise InvalidInput("Choose at least one of the scopes.", scopes=Scope.values)
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidInput("The key would have expired already.", field="expires_at")
    User.objects.select_for_update().only("pk").get(pk=user.pk)
    if APIKey.objects.filter(user=user, revoked_at__isnull=True).count() >= MOST_ACTIVE_KEYS:
        raise Conflict(f"You have {MOST_ACTIVE_KEYS} keys already. Revoke one first.")
    secret = APIKey.new_secret()
    key = APIKey.objects.create(
        user=user,
        name=name.strip()[:60] or "API key",
        prefix=secret[:8],
        digest=APIKey.digest_of(secret),
        scopes=chosen,
        expires_at=expires_at,
    )
    audit.record(action="api_key.created", target=key, by=by, after={"scopes": chosen, "prefix": key.prefix})
    return key, secret


@transaction.atomic
def rotate_api_key(*, key: APIKey, by: User) -> tuple[APIKey, str]:
    """A new key with the name, scopes and end of an old one, which stops after ROTATION_GRACE so that programs can follow.

    Raises NotYours, Conflict (the old one has ended already, or there are too many keys).
    """
    if key.user_id != by.pk:
        raise NotYours
    key = APIKey.objects.select_for_update().get(pk=key.pk)
    now = timezone.now()
    if key.state(at=now) != "active":
        raise Conflict("This key has ended already. Make a new one.")
    made, secret = create_api_key(user=by, name=key.name, scopes=key.scopes, by=by, expires_at=key.expires_at)
    ends = min(now + ROTATION_GRACE, key.expires_at or now + ROTATION_GRACE)
    APIKey.objects.filter(pk=key.pk).update(expires_at=ends)
    return made, secret


@transaction.atomic
def revoke_api_key(*, key: APIKey, by: User) -> None:
    """End a key at once and for good; revoking it twice changes nothing. Raises NotYours unless owner or admin."""
    if key.user_id != by.pk and by.role != Role.ADMIN:
        raise NotYours
    if APIKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=timezone.now()):
        outbox.emit(AccessChanged(member_id=key.user_id))
        audit.record(action="api_key.revoked", target=key, by=by, after={"prefix": key.prefix})


def revoke_unproven_keys(*, user: User) -> int:
    """Revoke all keys of an account whose address nobody has verified yet; returns how many.

    Whoever registered an address need not be its owner. When the owner takes the account over by resetting the
    password, the key that the other one got must not begin to work.
    """
    if EmailAddress.objects.filter(user=user, verified=True).exists():
        return 0
    return APIKey.objects.filter(user=user, revoked_at__isnull=True).update(revoked_at=timezone.now())


def verify_email(*, key: str, request: HttpRequest) -> EmailAddress:
    """Verify the address that a mailed key stands for. Raises InvalidInput for a wrong, old or used key."""
    confirmation = get_emailconfirmation_model().from_key(key)
    address = confirmation.confirm(request) if confirmation else None
    if address is None:
        raise InvalidInput("This link is wrong or was used already. Ask for a new one by signing in.")
    return address
