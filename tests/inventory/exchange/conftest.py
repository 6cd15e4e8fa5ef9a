"""A small catalogue that files of every format can name, and how a test sends one."""

from __future__ import annotations

import io

import pytest

from apps.catalog.models import ExternalId
from apps.inventory.exchange import actions, work
from tests.factories import make_category, make_product, make_user, make_variant

BOLT = "e768c957-3a1f-42f5-853a-96942f645df5"


@pytest.fixture
def owner(db, settings, tmp_path):
    """A member; files lie in a folder of the test's own."""
    settings.MEDIA_ROOT = tmp_path
    return make_user()


@pytest.fixture
def magic(db):
    """Sets m11 and eld of Magic: Lightning Bolt in four printings, and a card with two faces."""
    category = make_category("trading-cards/magic", "magic")
    bolt = make_product("Lightning Bolt", code="m11", number="149", category=category)
    for finish, language in (("normal", "en"), ("foil", "en"), ("normal", "de"), ("normal", "ja")):
        make_variant(bolt, finish=finish, language=language)
    borrower = make_product("Brazen Borrower // Petty Theft", code="eld", number="39", category=category)
    make_variant(borrower)
    for source, value in (("scryfall", BOLT), ("tcgplayer", "35427"), ("cardmarket", "241866")):
        ExternalId.objects.create(source=source, value=value, product=bolt)
    type(bolt.release).objects.filter(pk=bolt.release_id).update(name="Magic 2011", abbreviation="M11")
    type(bolt.release).objects.filter(pk=borrower.release_id).update(name="Throne of Eldraine", abbreviation="ELD")
    return {"bolt": bolt, "borrower": borrower}


@pytest.fixture
def send(owner):
    """Upload text or bytes as a file, have it read, and, with `add`, put what is matched into the inventory."""

    def send_one(
        content: str | bytes, *, add: bool = False, name: str = "cards.csv", slug: str = "", **options: object
    ):
        raw = content.encode() if isinstance(content, str) else content
        origin = actions.start_import(upload=io.BytesIO(raw), file_name=name, by=owner, slug=slug)
        origin = actions.read_import(origin=origin, by=owner, **options)
        work.carry_on(import_id=origin.pk)
        if add:
            actions.add_matched(origin=origin, by=owner)
            work.carry_on(import_id=origin.pk)
        origin.refresh_from_db()
        return origin

    return send_one
