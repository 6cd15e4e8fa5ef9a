"""Sensible things to test with; a test spells out only what matters to it."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from itertools import count

from django.utils import timezone
from PIL import Image

from apps.accounts.consent import actions as consent
from apps.accounts.consent.models import Where
from apps.accounts.consent.texts import REQUIRED
from apps.accounts.models import Role, User
from apps.catalog.models import Category, Product, Release, Variant
from apps.core.conditions import Condition
from apps.inventory import actions as inventory
from apps.inventory.models import InventoryItem
from apps.listings import actions as listings
from apps.listings.models import Listing
from apps.listings.photos import needs_photo
from apps.trades import actions as trades
from apps.trades.models import Trade
from apps.valuations.models import CurrentPrice

_numbers = count(1)
ADDRESS = {"name": "Ada Byron", "line1": "1 Card Lane", "city": "Springfield", "postal_code": "12345", "country": "US"}


def make_user(name: str = "", *, role: str = Role.MEMBER, password: str = "collect-2026", **fields: object) -> User:
    """A member with a verified address."""
    number = next(_numbers)
    name = name or f"Member {number}"
    email = fields.pop("email", f"member{number}@example.com")
    user = User.objects.create_user(email, password, display_name=name, role=role, **fields)
    user.emailaddress_set.create(email=email, verified=True, primary=True)
    consent.answer(member=user, answers=dict.fromkeys(REQUIRED, True), where=Where.SIGN_UP)
    return user


def make_category(path: str = "trading-cards/pokemon", game: str = "pokemon") -> Category:
    """A node of the tree."""
    return Category.objects.get_or_create(path=path, defaults={"name": path.rsplit("/", 1)[-1].title(), "game": game})[
        0
    ]


def make_product(name: str = "Ember Drake", *, number: str = "", code: str = "emb1", **fields: object) -> Product:
    """A card of a set that is made where it is missing."""
    category = fields.pop("category", None) or make_category()
    release, _ = Release.objects.get_or_create(
        category=category, code=code, defaults={"name": f"Set {code}", "released_on": dt.date(2020, 1, 1)}
    )
    return Product.objects.create(
        category=category, release=release, number=number or str(next(_numbers)), name=name, **fields
    )


def make_variant(product: Product | None = None, *, finish: str = "normal", **fields: object) -> Variant:
    """A printing of a card; a product's first one is its default."""
    product = product or make_product()
    fields.setdefault("is_default", not product.variants.exists())
    return Variant.objects.create(product=product, finish=finish, **fields)


def make_price(
    variant: Variant, value: str = "12.50", *, condition: str = Condition.NM, **fields: object
) -> CurrentPrice:
    """A fair value of today."""
    amount = Decimal(value)
    known = {
        "low": amount * Decimal("0.9"),
        "high": amount * Decimal("1.1"),
        "confidence": Decimal("0.8"),
        "sample_size": 12,
        "method": "sales",
        "observed_at": timezone.now(),
    }
    return CurrentPrice.objects.create(variant=variant, condition=condition, value=amount, **(known | fields))


def make_item(owner: User | None = None, variant: Variant | None = None, **fields: object) -> InventoryItem:
    """Copies in somebody's inventory."""
    owner = owner or make_user()
    fields.setdefault("condition", Condition.NM)
    return inventory.add_item(owner=owner, variant=variant or make_variant(), by=owner, **fields)


def make_listing(
    seller: User | None = None, *, price_minor: int = 1250, quantity: int = 1, **fields: object
) -> Listing:
    """An offer of an item that is made for it."""
    item = fields.pop("item", None) or make_item(seller, quantity=quantity, variant=fields.pop("variant", None))
    if needs_photo(is_graded=item.grade is not None, price_minor=price_minor) and not item.photos.exists():
        inventory.attach_stored_photo(item=item, name=f"items/{item.pk}.jpg", width=252, height=352)
    return listings.list_item(item=item, quantity=quantity, price_minor=price_minor, by=item.owner, **fields)


def make_trade(listing: Listing | None = None, buyer: User | None = None, **fields: object) -> Trade:
    """A purchase that waits for its payment."""
    fields.setdefault("quantity", 1)
    fields.setdefault("ship_to", ADDRESS)
    return trades.buy(listing=listing or make_listing(), by=buyer or make_user(), **fields)


def picture_bytes(width: int = 120, height: int = 160, kind: str = "JPEG", **options: object) -> bytes:
    """A small picture as a file's content."""
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(buffer, kind, **options)
    return buffer.getvalue()


def png_bytes(picture: Image.Image) -> bytes:
    """A picture as a file's content, without loss."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
