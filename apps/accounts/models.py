"""Who people are: user with role and profile, addresses, API keys, sign-ins of programs. The rest is allauth's."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Collection

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core import countries
from apps.core.encryption import SealedTextField
from apps.core.ids import uuid7
from apps.core.models import Base

_NAME = RegexValidator(
    r"^[^\W_]([\w .'-]{1,38}[\w.])\Z",
    _("A name has 3 to 40 letters, digits, spaces, dots, dashes or apostrophes, and begins with a letter or digit."),
)


class Role(models.TextChoices):
    """What a user may do on the site as a whole."""

    MEMBER = "member", _("Member")
    MODERATOR = "moderator", _("Moderator")
    ADMIN = "admin", _("Admin")


class Tier(models.TextChoices):
    """How much a member's programs may ask of the API."""

    STANDARD = "standard", _("Standard")
    SHOP = "shop", _("Shop")
    PARTNER = "partner", _("Partner")


# Times the allowance of the settings.
ALLOWANCES = {Tier.STANDARD: 1, Tier.SHOP: 5, Tier.PARTNER: 20}


class UserManager(BaseUserManager["User"]):
    """Makes users by e-mail."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> User:
        """A member who can sign in once the address is verified (allauth keeps that)."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> User:
        """An admin (for `manage.py createsuperuser`)."""
        return self.create_user(email, password, role=Role.ADMIN, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. `display_name` is what others see; the e-mail address is never shown to them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(unique=True)
    display_name = models.CharField(max_length=40, blank=True, validators=[_NAME])
    first_name = models.CharField(max_length=80, blank=True)
    last_name = models.CharField(max_length=80, blank=True)
    role = models.CharField(max_length=12, choices=Role, default=Role.MEMBER)
    country = models.CharField(max_length=2, default="US", choices=countries.choices)
    currency = models.CharField(max_length=3, default="USD")
    about = models.CharField(max_length=500, blank=True)
    api_tier = models.CharField(_("API tier"), max_length=10, choices=Tier, default=Tier.STANDARD)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager()
    USERNAME_FIELD = EMAIL_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_once_in_any_case"),
            models.UniqueConstraint(
                Lower("display_name"), condition=~models.Q(display_name=""), name="user_display_name_once"
            ),
        ]

    def __str__(self) -> str:
        return self.display_name or f"member {str(self.pk)[-6:]}"

    @property
    def api_allowance(self) -> int:
        """How many times the ordinary allowance of the API."""
        return ALLOWANCES[Tier(self.api_tier)]

    @property
    def is_staff(self) -> bool:
        """Whether the moderators' admin is open to this user."""
        return self.role in {Role.MODERATOR, Role.ADMIN}

    @property
    def is_moderator(self) -> bool:
        """Whether this user decides cases."""
        return self.is_staff


class Address(Base):
    """Where parcels go. A trade keeps its own copy, so that a later change does not redirect a parcel.

    Everything that names a household lies encrypted.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="addresses")
    name = SealedTextField(max_length=100)
    line1 = SealedTextField(_("street"), max_length=120)
    line2 = SealedTextField(_("second line"), max_length=120, blank=True)
    city = SealedTextField(max_length=80)
    region = SealedTextField(_("state or region"), max_length=80, blank=True)
    postal_code = SealedTextField(max_length=20)
    country = models.CharField(max_length=2, default="US", choices=countries.choices)
    is_default = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "addresses"
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(is_default=True), name="address_one_default_per_user"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.city}"

    def as_text(self) -> dict[str, str]:
        """A plain copy for a trade."""
        names = ("name", "line1", "line2", "city", "region", "postal_code", "country")
        return {name: getattr(self, name) for name in names}


class Scope(models.TextChoices):
    """What an API key may be used for."""

    READ = "read", _("Read the catalogue and what is yours")
    INVENTORY = "inventory:write", _("Scan and change the inventory")
    LISTINGS = "listings:write", _("List and change listings")
    TRADES = "trades:write", _("Buy, ship, receive and dispute")
    ALERTS = "alerts:write", _("Set and change alerts")

    @classmethod
    def in_words(cls, scopes: Collection[str]) -> list[str]:
        """Those of the scopes that there are, as people read them."""
        return [str(scope.label) for scope in cls if scope in scopes]


def every_scope() -> list[str]:
    """All scopes, as a new list."""
    return list(Scope.values)


class APIKey(Base):
    """A key for programs. Only its SHA-256 is stored (the key has 160 random bits, so a plain hash is enough)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=60)
    prefix = models.CharField(max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope), default=list)
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"
        indexes = [models.Index(fields=["user", "-created_at"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scopes__len__gt=0) & models.Q(scopes__contained_by=every_scope()),
                name="api_key_has_known_scopes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def in_words(self) -> list[str]:
        """What it may do, as people read it."""
        return Scope.in_words(self.scopes)

    def state(self, *, at: dt.datetime) -> str:
        """One of active, expired, revoked."""
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= at else "active"

    @staticmethod
    def new_secret() -> str:
        """A fresh key text; shown once, never stored."""
        return f"tk_{secrets.token_hex(20)}"

    @staticmethod
    def digest_of(secret: str) -> str:
        """What is stored in place of the key."""
        return hashlib.sha256(secret.encode()).hexdigest()


class SignIn(Base):
    """A program that signed in with e-mail and password. Its tokens name this row, so that they end with it.

    `refresh_id` is the one refresh token that is still good: using it replaces it, and a second use of an old one ends
    the whole sign-in, because then two hold what one was given. `stamp` is Django's session hash of the moment: it no
    longer fits after a change of password.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins")
    refresh_id = models.CharField(max_length=64, editable=False)
    stamp = models.CharField(max_length=128, editable=False)
    refreshed_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_because = models.CharField(max_length=20, blank=True)

    class Meta:
        verbose_name = "sign-in of a program"
        verbose_name_plural = "sign-ins of programs"
        indexes = [models.Index(fields=["user", "-created_at"])]

    def __str__(self) -> str:
        return f"sign-in {str(self.pk)[-6:]}"

    def is_valid(self, *, at: dt.datetime) -> bool:
        """Whether its tokens may be used: not ended, not expired, the user active, the password still the same."""
        if self.ended_at or self.expires_at <= at or not self.user.is_active:
            return False
        stamps = [self.user.get_session_auth_hash(), *self.user.get_session_auth_fallback_hash()]
        return any(secrets.compare_digest(self.stamp, stamp) for stamp in stamps)


from apps.accounts.blocks.models import Block as Block  # noqa: E402 - Django looks for an app's tables here
from apps.accounts.consent.models import Consent as Consent  # noqa: E402
from apps.accounts.restrictions.models import Restriction as Restriction  # noqa: E402
from apps.accounts.standing.models import SellerStanding as SellerStanding  # noqa: E402
