"""A file on its way into an inventory: what every line becomes, repairs, merging, undoing, a worker that dies."""

from __future__ import annotations

import pytest

from apps.core.errors import Conflict, NotYours
from apps.inventory.exchange import actions, repairs, work
from apps.inventory.exchange.models import ColumnMapping, InventoryImport
from apps.inventory.models import Binder, InventoryItem, Movement
from tests.factories import make_item, make_listing, make_product, make_user, make_variant

pytestmark = pytest.mark.django_db

MOXFIELD = (
    '"Count","Tradelist Count","Name","Edition","Condition","Language","Foil","Tags","Last Modified","Collector Number",'
    '"Alter","Proxy","Purchase Price"\r\n'
)


def moxfield(*rows: str) -> str:
    return MOXFIELD + "\r\n".join(rows) + "\r\n"


def bolt(
    count=1, condition="Near Mint", language="English", foil="", price="0.50", name="Lightning Bolt", number="149"
):
    return (
        f'"{count}","0","{name}","m11","{condition}","{language}","{foil}","","","{number}","False","False","{price}"'
    )


def states(origin):
    return list(origin.lines.order_by("line", "part").values_list("state", flat=True))


def held(owner):
    return sorted(
        InventoryItem.objects.filter(owner=owner, quantity__gt=0).values_list(
            "variant__finish", "variant__language", "condition", "quantity", "unit_cost_minor"
        )
    )


def test_matched_lines_become_items_in_their_printing_condition_and_language(owner, magic, send):
    origin = send(moxfield(bolt(3), bolt(foil="foil", price=""), bolt(condition="Played", language="German")), add=True)
    assert origin.format == "moxfield"
    assert states(origin) == ["added"] * 3
    assert held(owner) == [
        ("foil", "en", "NM", 1, None), ("normal", "de", "MP", 1, 50), ("normal", "en", "NM", 3, 50)
    ]  # fmt: skip
    assert Movement.objects.filter(item__owner=owner, kind="imported").count() == 3


def test_equal_lines_merge_and_each_stays_in_the_history(owner, magic, send):
    origin = send(moxfield(bolt(2), bolt(1), bolt(4, price="0.70")), add=True)
    assert states(origin) == ["added", "merged", "added"]
    assert held(owner) == [("normal", "en", "NM", 3, 50), ("normal", "en", "NM", 4, 70)]
    assert sorted(Movement.objects.values_list("quantity_change", flat=True)) == [1, 2, 4]


def test_lines_can_be_kept_apart(owner, magic, send):
    send(moxfield(bolt(2), bolt(1)), add=True, keeps_apart=True)
    assert held(owner) == [("normal", "en", "NM", 1, 50), ("normal", "en", "NM", 2, 50)]


def test_copies_join_an_equal_item_that_is_there_but_never_one_that_is_for_sale(owner, magic, send):
    variant = magic["bolt"].variants.get(finish="normal", language="en")
    make_item(owner, variant, quantity=5, unit_cost_minor=50)
    assert states(send(moxfield(bolt(2)), add=True)) == ["merged"]
    assert held(owner) == [("normal", "en", "NM", 7, 50)]
    make_listing(item=InventoryItem.objects.get(owner=owner))
    assert states(send(moxfield(bolt(2)), add=True)) == ["added"]


def test_no_line_is_dropped(owner, magic, send):
    rows = [
        bolt(), bolt(condition="Chewed"), bolt(name="No Such Card", number="9"), bolt(0), bolt(language="Klingon"),
        '"1","0","Lightning Bolt","m11"', bolt(name="Counterspell"), '"a quote, that never closes', bolt(), "",
    ]  # fmt: skip
    origin = send(moxfield(*rows), add=True)
    told = {line.line: (line.state, line.problem) for line in origin.lines.all()}
    assert told == {
        2: ("added", ""), 3: ("bad", "condition"), 4: ("unknown", "card"), 5: ("bad", "quantity"), 6: ("bad", "language"),
        7: ("ambiguous", "card") if told[7][0] == "ambiguous" else ("added", ""), 8: ("ambiguous", "card"),
        9: ("bad", "broken"), 10: ("merged", ""),
    }  # fmt: skip


def test_a_name_that_does_not_go_with_the_number_is_asked_about(owner, magic, send):
    line = send(moxfield(bolt(name="Counterspell"))).lines.get()
    assert (line.state, line.variant) == ("ambiguous", None)
    assert "does not go with" in line.reason
    assert set(line.candidates) == set(magic["bolt"].variants.values_list("pk", flat=True))


def test_a_language_that_the_catalogue_lacks_is_asked_about_not_guessed(owner, magic, send):
    line = send(moxfield(bolt(language="Korean"))).lines.get()
    assert line.state == "ambiguous"
    assert "language" in line.reason


def test_an_id_finds_the_card_and_so_does_a_face_of_its_name(owner, magic, send):
    head = "Card,Set ID,Set Name,Quantity,Foil,Variation,Collector Number,Scryfall ID\n"
    rows = "Brazen Borrower,ELD,Throne of Eldraine,1,regular,,39,\nLightning Bolt,XXX,,2,foil,,,{}\n"
    origin = send(head + rows.format("e768c957-3a1f-42f5-853a-96942f645df5"), add=True)
    assert states(origin) == ["added", "added"]
    assert origin.lines.get(line=3).variant.finish == "foil"


def test_one_repair_mends_all_lines_with_the_same_bad_word(owner, magic, send):
    origin = send(moxfield(bolt(condition="Chewed"), bolt(2, condition="Chewed", foil="foil"), bolt(condition="Wet")))
    assert repairs.correct_line(line=origin.lines.get(line=2), by=owner, condition="DMG") == 2
    assert states(origin) == ["matched", "matched", "bad"]
    assert set(origin.lines.filter(state="matched").values_list("condition", flat=True)) == {"DMG"}


def test_one_pick_settles_all_lines_that_name_the_card_alike(owner, magic, send):
    origin = send(
        moxfield(bolt(language="Korean"), bolt(3, language="Korean", condition="Played"), bolt(language="Thai"))
    )
    variant = magic["bolt"].variants.get(finish="foil")
    assert repairs.pick_printing(line=origin.lines.get(line=3), variant=variant, by=owner) == 2
    assert states(origin) == ["matched", "matched", "ambiguous"]
    repairs.dismiss_lines(line=origin.lines.get(line=4), by=owner)
    actions.add_matched(origin=origin, by=owner)
    work.carry_on(import_id=origin.pk)
    assert states(origin) == ["added", "added", "dismissed"]


def test_repairs_after_adding_can_be_added_too(owner, magic, send):
    origin = send(moxfield(bolt(), bolt(condition="Chewed")), add=True)
    repairs.correct_line(line=origin.lines.get(line=3), by=owner, condition="NM")
    actions.add_matched(origin=origin, by=owner)
    work.carry_on(import_id=origin.pk)
    assert states(origin) == ["added", "merged"]
    assert held(owner) == [("normal", "en", "NM", 2, 50)]


def test_undoing_takes_out_what_came_in_and_leaves_what_was_there(owner, magic, send):
    variant = magic["bolt"].variants.get(finish="normal", language="en")
    make_item(owner, variant, quantity=5, unit_cost_minor=50)
    origin = send(moxfield(bolt(2), bolt(foil="foil")), add=True)
    actions.undo_import(origin=origin, by=owner)
    work.carry_on(import_id=origin.pk)
    assert held(owner) == [("normal", "en", "NM", 5, 50)]
    origin.refresh_from_db()
    assert (origin.state, states(origin)) == ("undone", ["undone", "undone"])


def test_undoing_leaves_what_is_for_sale_and_says_so(owner, magic, send):
    origin = send(moxfield(bolt(2), bolt(foil="foil")), add=True)
    make_listing(item=InventoryItem.objects.get(variant__finish="foil"))
    actions.undo_import(origin=origin, by=owner)
    work.carry_on(import_id=origin.pk)
    assert states(origin) == ["undone", "added"]
    assert "for sale" in origin.lines.get(line=3).reason


def test_a_worker_that_dies_loses_nothing_and_its_successor_repeats_nothing(owner, magic, send, monkeypatch):
    monkeypatch.setattr("apps.inventory.exchange.matching.BATCH", 2)
    origin = send(moxfield(*[bolt(n + 1) for n in range(7)]))
    InventoryImport.objects.filter(pk=origin.pk).update(state="reading", lines_read=5)
    origin.lines.filter(line__gt=5).delete()
    work.carry_on(import_id=origin.pk)
    work.carry_on(import_id=origin.pk)
    assert list(origin.lines.order_by("line").values_list("line", "quantity")) == [(n + 2, n + 1) for n in range(7)]
    actions.add_matched(origin=origin, by=owner)
    work._add_batch(InventoryImport.objects.get(pk=origin.pk))
    work.carry_on(import_id=origin.pk)
    assert held(owner) == [("normal", "en", "NM", 28, 50)]


def test_what_a_dead_worker_left_is_queued_again(owner, magic, send):
    origin = send(moxfield(bolt()))
    InventoryImport.objects.filter(pk=origin.pk).update(state="adding", moved_at=None, queued_at=None)
    assert work.resume_stalled() == 1
    assert work.resume_stalled() == 0


def test_own_columns_are_mapped_once_and_remembered(owner, magic, send):
    content = "Heap,Which,Where,Place,Shape\n2,Lightning Bolt,Magic 2011,149,NM\n"
    mapping = ["quantity", "name", "set", "number", "condition"]
    origin = send(content, mapping=mapping, add=True)
    assert states(origin) == ["added"]
    assert ColumnMapping.objects.get().mapping == mapping
    assert send(content).mapping == mapping


def test_folders_become_binders(owner, magic, send):
    head = (
        '"sep=,"\nFolder Name,Quantity,Trade Quantity,Card Name,Set Code,Set Name,Card Number,Condition,Printing,Language,'
        "Price Bought,Date Bought,LOW,MID,MARKET\n"
    )
    rows = "Box,1,0,Lightning Bolt,M11,Magic 2011,149,Excellent,Foil,English,0.00,2026-05-15,,,\n"
    assert states(send(head + rows, add=True)) == ["added"]
    item = InventoryItem.objects.get(owner=owner)
    assert (item.binder.name, item.condition, item.unit_cost_minor) == ("Box", "LP", None)
    assert Binder.objects.filter(owner=owner).count() == 1


def test_an_import_can_be_cancelled_until_something_was_added(owner, magic, send):
    origin = send(moxfield(bolt()))
    actions.cancel_import(origin=origin, by=owner)
    assert not origin.lines.exists()
    origin = send(moxfield(bolt()), add=True)
    with pytest.raises(Conflict):
        actions.cancel_import(origin=origin, by=owner)


def test_nobody_touches_anothers_import(owner, magic, send):
    origin = send(moxfield(bolt(condition="Chewed")))
    with pytest.raises(NotYours):
        repairs.correct_line(line=origin.lines.get(), by=make_user(), condition="NM")
    with pytest.raises(NotYours):
        actions.add_matched(origin=origin, by=make_user())


def test_a_card_by_name_alone_is_taken_only_where_there_is_one(owner, magic, send):
    content = "Quantity,Name\n1,Brazen Borrower\n1,Island\n"
    for number in ("260", "261"):
        make_variant(make_product("Island", code="eld", number=number, category=magic["bolt"].category))
    origin = send(content)
    assert states(origin) == ["matched", "ambiguous"]
    assert "only card of this name" in origin.lines.get(line=2).reason
