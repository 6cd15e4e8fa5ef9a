"""What was exported comes back as it was, in every format that can say it; what one cannot say is told before."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.catalog.models import ExternalId
from apps.core.conditions import GRADES, Condition, GradeCompany
from apps.inventory import actions as inventory
from apps.inventory.exchange import actions, exporting, work
from apps.inventory.exchange.carrying import Facts, cells_of, escaped, lost_in
from apps.inventory.exchange.formats import FORMATS
from apps.inventory.exchange.reading import reading_of, said_by, unescaped
from apps.inventory.models import InventoryItem
from tests.factories import make_item, make_product, make_user, make_variant

pytestmark = pytest.mark.django_db

NAMES = [
    "Lightning Bolt",
    "Fire // Ice",
    "+2 Mace",
    "=SUM(A1)",
    'The "Ace", Rising',
    "Æther Vial",
    "Gemrazer (Showcase)",
]
PRINTED = st.characters(exclude_categories=["C", "Z"]) | st.just(" ")
TEXTS = st.text(PRINTED, max_size=30).map(lambda text: " ".join(text.split()))


@pytest.fixture
def printings(db):
    """Cards with awkward names, each in all finishes and a few languages, known to three sites."""
    made = []
    for n, name in enumerate(NAMES):
        product = make_product(name, code="awk" if n % 2 else "rnd", number=f"{n + 1:03}")
        for finish in ("normal", "foil", "holofoil", "reverse-holofoil", "etched", "first-edition"):
            made += [
                make_variant(product, finish=finish, language=language) for language in ("en", "de", "ja", "zh-tw")
            ]
        made.append(make_variant(product, finish="foil", treatment="Galaxy"))
        for site in ("scryfall", "tcgplayer", "cardmarket"):
            ExternalId.objects.create(source=site, value=f"{site[:2]}{n}0", product=product)
    return made


@st.composite
def holdings(draw):
    """What somebody may hold of one printing: its place in the list of printings, and all that can be noted."""
    graded = draw(st.booleans())
    return {
        "printing": draw(st.integers(0, 10**6)),
        "quantity": draw(st.integers(1, 300)),
        "condition": "" if graded else draw(st.sampled_from(Condition.values)),
        "grade_company": draw(st.sampled_from(GradeCompany.values)) if graded else "",
        "grade": draw(st.sampled_from(GRADES)) if graded else None,
        "unit_cost_minor": draw(st.none() | st.integers(0, 10**7)),
        "currency": draw(st.sampled_from(["USD", "EUR", "JPY"])),
        "acquired_on": draw(st.none() | st.dates(dt.date(1993, 1, 1), dt.date(2030, 1, 1))),
        "binder": draw(st.just("") | TEXTS.map(lambda text: text[:60].strip())),
        "notes": draw(st.just("") | TEXTS),
    }


def held(owner):
    return sorted(
        (
            (item.variant_id, item.quantity, item.condition, item.grade_company, item.grade, item.unit_cost_minor,
             item.currency if item.unit_cost_minor is not None else "", item.acquired_on,
             item.binder.name if item.binder else "", item.notes)
            for item in InventoryItem.objects.filter(owner=owner, quantity__gt=0).select_related("binder")
        ),
        key=str,
    )  # fmt: skip


def exported(owner, into):
    return "".join(exporting.lines_of(exporting.items_of(owner), into))


@pytest.mark.parametrize("slug", FORMATS)
@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(notes=st.lists(holdings(), min_size=1, max_size=6))
def test_what_a_format_can_say_comes_back_as_it_was(slug, printings, notes, tmp_path_factory):
    into = FORMATS[slug]
    with transaction.atomic():
        owner, other = make_user(), make_user()
        for note in notes:
            variant = printings[note["printing"] % len(printings)]
            fields = {name: value for name, value in note.items() if name not in ("printing", "binder")}
            binder = inventory.create_binder(owner=owner, name=note["binder"]) if note["binder"] else None
            inventory.add_item(owner=owner, variant=variant, binder=binder, by=owner, **fields)
        for item, facts in zip(
            InventoryItem.objects.filter(owner=owner).order_by("created_at", "pk"),
            list(exporting.facts_of(exporting.items_of(owner), into)),
            strict=True,
        ):
            if lost_in(facts, into):
                item.delete()
        text = exported(owner, into)
        origin = actions.start_import(upload=io.BytesIO(text.encode()), file_name="a.csv", by=other, slug=slug)
        assert origin.format == slug
        actions.read_import(origin=origin, by=other, adds_at_once=True)
        work.carry_on(import_id=origin.pk)
        told = [(line.said, line.state, line.reason) for line in origin.lines.exclude(state__in=["added", "merged"])]
        assert told == []
        assert sum(quantity for _, quantity, *_ in held(other)) == sum(quantity for _, quantity, *_ in held(owner))
        assert _gathered(held(other)) == _gathered(held(owner))
        transaction.set_rollback(True)


def _gathered(rows):
    """Equal copies together: an import merges what an owner kept in several items, such as two slabs of one grade."""
    sums = {}
    for variant, quantity, *rest in rows:
        sums[variant, *rest] = sums.get((variant, *rest), 0) + quantity
    return sums


@pytest.mark.parametrize("slug", sorted(set(FORMATS) - {"delver-counts", "tcgplayer-seller", "collectr"}))
def test_a_file_of_ours_is_known_by_its_columns(slug, printings):
    owner = make_user()
    make_item(owner, printings[0])
    origin = actions.start_import(
        upload=io.BytesIO(exported(owner, FORMATS[slug]).encode()), file_name="a.csv", by=owner
    )
    assert origin.format == slug


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40))
def test_no_cell_is_a_formula_and_every_one_comes_back(text):
    cell = escaped(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unescaped(cell) == text


@given(
    st.sampled_from(sorted(FORMATS)), st.sampled_from(["normal", "foil", "holofoil", "etched", "sealed"]),
    st.sampled_from(["en", "de", "th", "zh"]), st.sampled_from([*Condition.values, ""]),
    st.none() | st.integers(0, 10**6), TEXTS,
)  # fmt: skip
def test_what_is_not_told_as_lost_is_read_as_it_was_written(slug, finish, language, condition, cost, notes):
    into = FORMATS[slug]
    facts = Facts(
        name="Island", set_code="m11", set_name="Magic 2011", number="7", finish=finish, language=language,
        condition=condition, grade_company="" if condition else "PSA", grade=None if condition else Decimal("9.5"),
        unit_cost_minor=cost, currency=into.currency, notes=notes, quantity=4, ids={"cardmarket": "7"},
    )  # fmt: skip
    if lost_in(facts, into):
        return
    row = next(
        csv.reader(
            [";".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in cells_of(facts, into))], delimiter=";"
        )
    )
    origin = type("Origin", (), {"format": slug, "condition": "NM", "language": "en", "currency": into.currency})
    said = said_by(row, [column.says for column in into.columns])
    reading = reading_of(
        {name: text for name, text in said.items() if name != "foil_quantity"}, actions.defaults_of(origin)
    )
    if "foil_quantity" not in into.says:
        assert (reading.problem, reading.quantity) == ("", 4)
        assert reading.finish in (finish, "") or finish not in into.finishes
    assert (reading.language or "en") == language
    assert reading.condition == condition
    assert reading.unit_cost_minor == cost
    assert reading.notes == notes


def test_what_a_format_cannot_say_is_told_before(client, printings):
    owner = make_user()
    make_item(owner, printings[0], notes="first one", unit_cost_minor=300, currency="EUR")
    make_item(owner, printings[0], condition="", grade_company="PSA", grade=Decimal(10))
    client.force_login(owner)
    page = client.get(reverse("export"), {"layout": "moxfield"}).content.decode()
    assert "2 items as a file of Moxfield" in page
    for told in ("the notes, of 1 item", "the grade, of 1 item", "what it cost, of 1 item"):
        assert told in page
    assert (
        "Everything that you noted comes along"
        in client.get(reverse("export"), {"layout": "cardvault"}).content.decode()
    )


def test_an_export_is_a_stream_of_the_items_that_the_filters_leave(client, printings):
    owner = make_user()
    make_item(owner, printings[0], quantity=3)
    make_item(owner, printings[-1], condition="HP")
    make_item(make_user(), printings[0])
    client.force_login(owner)
    answer = client.get(reverse("export-file"), {"layout": "cardvault", "condition": "NM"})
    assert answer.streaming
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [(row["Quantity"], row["Name"]) for row in rows] == [("3", "Lightning Bolt")]


def test_an_export_asks_the_database_as_often_for_many_as_for_few(printings, django_assert_num_queries):
    owner = make_user()
    for variant in printings[:40]:
        make_item(owner, variant)
    with django_assert_num_queries(2):
        assert exported(owner, FORMATS["deckbox"]).count("\r\n") == 41
    assert connection.vendor == "postgresql"
