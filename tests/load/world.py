"""The market that the load meets, and its members. Needs Django; import it after System.attach.

Beside the demo: tens of thousands of printings, 2,000 sellers with their listings, and the members who act, each with a
session, an address, an inventory, cards to swap and notifications.
"""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from PIL import Image

from apps.accounts import actions as accounts
from apps.accounts.models import User
from apps.catalog.models import Product, Release
from apps.demo.catalogue import chosen_products
from apps.demo.photographs import one_card
from apps.inventory.models import InventoryItem
from apps.listings.models import Listing
from apps.listings.shipping import default_shipping
from tests.load.market import FIRST, SECOND, make_market

ITEMS, HAVES, NOTICES = 120, 15, 30  # of each member
_DEAREST_MINOR = 5_000  # of what is put into carts
PHOTOS = 8

_ITEMS = """
insert into inventory_inventoryitem (id, created_at, owner_id, variant_id, condition, grade_company, quantity, reserved,
    currency, unit_cost_minor, notes, provenance)
select gen_random_uuid(), now() - random() * interval '300 days', u.id, v.ids[1 + floor(random() * cardinality(v.ids))],
    (array['NM','NM','LP','MP'])[1 + floor(random() * 4)], '', 2 + floor(random() * 3), 0, 'USD', 100 + floor(random() * 900),
    '', '{}'
from accounts_user u, generate_series(1, %(items)s) n,
    (select array_agg(variant_id) as ids from valuations_currentprice where condition = 'NM' and value < 8) v
where u.email like '%%@load.example';
insert into wants_have (item_id, owner_id, since) select id, owner_id, now() from (
    select id, owner_id, row_number() over (partition by owner_id order by id) as at from inventory_inventoryitem i
    where owner_id in (select id from accounts_user where email like '%%@load.example')) k where at <= %(haves)s;
insert into notifications_notification (id, created_at, owner_id, kind, priority, "group", cause, title, body, action, url,
    facts, is_shown, read_at)
select gen_random_uuid(), now() - n * interval '7 hours', u.id, 'price-alert', 'medium', 'alert:' || n, 'load:' || n,
    'A card fell under your price', 'It is at $3.20 now.', 'See the card', '/alerts/', '{}', true,
    case when n > 5 then now() end
from accounts_user u, generate_series(1, %(notices)s) n where u.email like '%%@load.example';
"""


def make_world(listings: int, members: int, folder: Path, seed: int) -> dict[str, Any]:
    """All of it; what the members' program is told: sessions, ids, words to search for, photographs."""
    make_market(listings)
    people = [_member(number) for number in range(members)]
    with connection.cursor() as cursor:
        for statement in _ITEMS.split(";\n"):
            if statement.strip():
                cursor.execute(statement, {"items": ITEMS, "haves": HAVES, "notices": NOTICES})
        cursor.execute("vacuum analyze")
    chance = random.Random(seed)
    return {
        "people": [_told(user, cookies, network) for user, cookies, network in people],
        "sets": _ids(Release.objects.order_by("?")[:200]),
        "cards": _ids(Product.objects.order_by("?")[:4000]) + _ids(chosen_products()),
        "listings": _ids(
            Listing.objects.filter(state="active", price_minor__lt=_DEAREST_MINOR, seller__country="US").order_by("?")[
                :6000
            ]
        ),
        "words": [f"{chance.choice(FIRST)} {chance.choice(SECOND)}" for _ in range(200)],
        "photos": _photographs(folder),
        "cookies": {"session": settings.SESSION_COOKIE_NAME, "csrf": settings.CSRF_COOKIE_NAME},
    }


def _member(number: int) -> tuple[User, dict[str, str], str]:
    """Somebody who is signed in, from an address of the network of their own."""
    network = f"10.{20 + number // 250}.{number % 250}.7"
    user = User.objects.create_user(f"load{number}@load.example", None, display_name=f"Load {number}")
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    place = {"city": "Springfield", "postal_code": f"{10000 + number}", "country": "US"}
    accounts.save_address(user=user, by=user, name=f"Load Member {number}", line1=f"{number + 1} Card Lane", **place)
    default_shipping(seller=user)
    client = Client(REMOTE_ADDR=network)
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    client.get("/legal/terms/", HTTP_HOST="127.0.0.1")
    return user, {name: morsel.value for name, morsel in client.cookies.items()}, network


def _told(user: User, cookies: dict[str, str], network: str) -> dict[str, Any]:
    items = InventoryItem.objects.filter(owner=user)
    return {
        "id": str(user.pk),
        "cookies": cookies,
        "network": network,
        "number": int(user.email[4:].split("@")[0]),
        "items": _ids(items.filter(have=None)[:60]),
        "haves": _ids(items.exclude(have=None)),
    }


def _ids(rows: Sequence[Any]) -> list[str]:
    return [str(row.pk) for row in rows]


def _photographs(folder: Path) -> list[str]:
    """Photographs of one card each, as files."""
    made = []
    for product in chosen_products():
        image = product.images.filter(is_primary=True).exclude(file="").first()
        if image is None or len(made) == PHOTOS:
            continue
        with default_storage.open(image.file) as file:
            taken = one_card([(str(product.pk), Image.open(file).convert("RGB"))])
        buffer = io.BytesIO()
        taken.picture.save(buffer, "JPEG", quality=88)
        path = folder / f"photo-{len(made)}.jpg"
        path.write_bytes(buffer.getvalue())
        made.append(str(path))
    return made
