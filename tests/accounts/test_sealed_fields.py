"""Addresses lie encrypted, keys can be changed while the site runs, and what was tampered with is refused."""

import json

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.db.migrations.state import ModelState, ProjectState
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts import resealing
from apps.accounts.models import Address
from apps.core import encryption
from apps.core.migrating import sealing
from apps.trades.models import Trade
from tests.factories import ADDRESS, make_trade, make_user
from tests.signing_in import give_app

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("select * from accounts_address")
        return str(cursor.fetchall())


@pytest.mark.django_db
def test_the_database_holds_no_address_in_the_clear(member):
    member.addresses.create(**ADDRESS)
    for part in ("Ada Byron", "1 Card Lane", "Springfield", "12345"):
        assert part not in stored()
    assert Address.objects.get().as_text() | ADDRESS == Address.objects.get().as_text()


@pytest.mark.django_db
def test_the_same_text_is_never_stored_alike(member):
    make_user().addresses.create(**ADDRESS)
    member.addresses.create(**ADDRESS)
    with connection.cursor() as cursor:
        cursor.execute("select distinct line1 from accounts_address")
        assert len(cursor.fetchall()) == 2


@pytest.mark.django_db
def test_nothing_can_be_looked_up_by_a_sealed_text(member):
    with pytest.raises(FieldError):
        list(Address.objects.filter(city="Springfield"))


@pytest.mark.django_db
def test_keys_are_changed_step_by_step(member, settings, capsys):
    settings.FIELD_KEYS = [OLD]
    for _ in range(3):
        make_user().addresses.create(**ADDRESS)
    give_app(member)
    settings.FIELD_KEYS = [NEW, OLD]
    begun = resealing.reseal(batch=2)
    assert next(begun) == (2, 2)
    begun.close()  # stopped here; everything can still be read
    assert {address.city for address in Address.objects.all()} == {"Springfield"}
    call_command("reseal_fields", batch=2)
    assert "2 rows sealed anew" in capsys.readouterr().out  # the third address, and the app's secret
    settings.FIELD_KEYS = [NEW]
    assert {address.city for address in Address.objects.all()} == {"Springfield"}
    call_command("reseal_fields")
    assert "0 rows sealed anew" in capsys.readouterr().out


@pytest.mark.django_db
def test_a_lost_key_is_named_and_nothing_is_changed(member, settings):
    settings.FIELD_KEYS = [OLD]
    member.addresses.create(**ADDRESS)
    before = stored()
    settings.FIELD_KEYS = [NEW]
    with pytest.raises(CommandError, match="FIELD_KEYS"):
        call_command("reseal_fields")
    assert stored() == before


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_was_sealed_is_read_back(text):
    sealed = encryption.seal(text)
    assert encryption.unseal(sealed) == text
    assert not text or text not in sealed or len(text) < 4


@given(st.integers(0, 60), st.sampled_from("ABCxyz019-_"))
def test_a_changed_letter_is_noticed(place, letter):
    sealed = encryption.seal("1 Card Lane")
    changed = sealed[:place] + letter + sealed[place + 1 :]
    if changed != sealed:
        with pytest.raises(encryption.Unreadable):
            encryption.unseal(changed)


def test_a_mark_finds_a_value_again_and_tells_nothing_of_it(settings):
    settings.FIELD_KEYS = [NEW]
    mark = encryption.mark_of(" DE 123 ", purpose="tax id")
    settings.FIELD_KEYS = [OLD]
    assert encryption.mark_of("de 123", purpose="tax id") == mark
    assert encryption.mark_of("de 123", purpose="other") != mark
    assert len(mark) == 64


@pytest.mark.django_db
def test_the_copy_of_an_address_on_a_trade_is_sealed_but_for_its_country(settings):
    settings.FIELD_KEYS = [OLD]
    trade = make_trade()
    with connection.cursor() as cursor:
        cursor.execute("select ship_to::text, ship_to->>'country' from trades_trade")
        (written, country) = cursor.fetchone()
    assert country == "US"
    for part in ("Ada Byron", "1 Card Lane", "Springfield", "12345"):
        assert part not in written
    assert Trade.objects.filter(ship_to__country="US").get().ship_to == trade.ship_to
    settings.FIELD_KEYS = [NEW, OLD]
    assert sum(changed for _looked_at, changed in resealing.reseal()) == 1
    settings.FIELD_KEYS = [NEW]
    assert Trade.objects.get().ship_to["city"] == "Springfield"
    assert sum(changed for _looked_at, changed in resealing.reseal()) == 0


@pytest.mark.django_db
def test_addresses_that_lie_in_the_clear_are_sealed_by_the_migration_and_opened_by_its_way_back():
    trade = make_trade()
    address = dict(trade.ship_to)
    with connection.cursor() as cursor:
        cursor.execute("update trades_trade set ship_to = %s", [json.dumps(address)])
    step = sealing("trades", "trade", "ship_to")
    state = ProjectState()
    state.add_model(
        ModelState(
            "trades",
            "Trade",
            [("id", models.UUIDField(primary_key=True)), ("ship_to", models.JSONField())],
            {"db_table": "trades_trade"},
        )
    )
    before = state.apps.get_model("trades", "Trade")
    for _ in range(2):
        step.code(state.apps, None)
    assert set(before.objects.get().ship_to) == {"country", "sealed"}
    assert Trade.objects.get().ship_to == address
    step.reverse_code(state.apps, None)
    assert before.objects.get().ship_to == address
