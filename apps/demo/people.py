"""The demo's members: who they are and how to sign in as them."""

from __future__ import annotations

import datetime as dt

from allauth.account.models import EmailAddress
from django.utils import timezone

from apps.accounts.consent import actions as consent
from apps.accounts.consent.models import Where
from apps.accounts.consent.texts import REQUIRED
from apps.accounts.models import Address, Role, User
from apps.listings.shipping import default_shipping

PASSWORD = "collect-2026"  # noqa: S105 - printed at every start of the demo
DOMAIN = "demo.cardvault.example"

# handle: (display name, role, country, city, postal code, about)
PEOPLE = {
    "seller": ("Mira Sells", Role.MEMBER, "US", "Portland", "97201", "Vintage Pokémon and odd toys. Ships on Mondays."),
    "buyer": ("Bea Buyer", Role.MEMBER, "US", "Springfield", "62701", "Completing Base Set, one card a week."),
    "trader": ("Tom Trader", Role.MEMBER, "DE", "Bremen", "28195", "Magic since 1994, One Piece since last year."),
    "moderator": ("Max Moderator", Role.MODERATOR, "US", "Austin", "73301", ""),
    "admin": ("Ada Admin", Role.ADMIN, "US", "Austin", "73301", ""),
    "lena": ("Lena Foil", Role.MEMBER, "US", "Denver", "80202", "Only foils."),
    "kenji": ("Kenji Deck", Role.MEMBER, "US", "Seattle", "98101", "Players' copies, honestly graded."),
    "oskar": ("Oskar Brick", Role.MEMBER, "GB", "Leeds", "LS1 1UR", "Retired LEGO sets."),
}
SHOWN = ("seller", "buyer", "trader", "moderator", "admin")


def address_of(handle: str) -> dict[str, str]:
    """Where a member's parcels go."""
    name, _, country, city, postal_code, _ = PEOPLE[handle]
    return {"name": name, "line1": "1 Card Lane", "city": city, "postal_code": postal_code, "country": country}


def accounts() -> list[dict[str, str]]:
    """Whom one can sign in as."""
    return [{"role": handle, "email": f"{handle}@{DOMAIN}", "password": PASSWORD} for handle in SHOWN]


def known_people() -> dict[str, User]:
    """Those who are there, by handle."""
    return {user.email.split("@")[0]: user for user in User.objects.filter(email__endswith=f"@{DOMAIN}")}


def make_people() -> dict[str, User]:
    """Every member, verified, with an address and shipping prices; those who are there already stay as they are."""
    members = known_people()
    joined = timezone.now() - dt.timedelta(days=700)
    hashed = ""
    for number, (handle, (name, role, country, *_, about)) in enumerate(PEOPLE.items()):
        if handle in members:
            continue
        email = f"{handle}@{DOMAIN}"
        first_name, last_name = name.split()
        user = User(
            email=email, display_name=name, first_name=first_name, last_name=last_name, role=role, country=country,
            about=about, is_superuser=role == Role.ADMIN, date_joined=joined + dt.timedelta(days=40 * number),
        )  # fmt: skip
        if not hashed:
            user.set_password(PASSWORD)
            hashed = user.password
        user.password = hashed
        user.save()
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
        Address.objects.create(user=user, **address_of(handle))
        consent.answer(member=user, answers=dict.fromkeys(REQUIRED, True), where=Where.SIGN_UP)
        default_shipping(seller=user)
        members[handle] = user
    return members
