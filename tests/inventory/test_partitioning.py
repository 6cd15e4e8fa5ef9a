"""The inventory in partitions by owner: the same rows, the same rules, nobody who uses it notices."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from apps.inventory import actions, partitioning
from apps.inventory.models import InventoryItem, Movement
from apps.listings.models import Listing
from tests.factories import make_item, make_listing, make_user

pytestmark = pytest.mark.django_db


def told(step: str, **how: object) -> str:
    from io import StringIO

    out = StringIO()
    with transaction.atomic():
        call_command("partition_inventory", step, stdout=out, **how)
    return out.getvalue()


def count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from {table}")
        return cursor.fetchone()[0]


@pytest.fixture
def items():
    made = [make_item(owner=make_user(), quantity=3) for _ in range(5)]
    listing = make_listing(item=made[0])
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")  # a test is one transaction; in service each step is its own
    return made, listing


@pytest.fixture
def parted(items):
    told("prepare", partitions=8)
    told("copy", batch=2)
    told("switch")
    return items


def test_what_changes_meanwhile_is_in_the_new_table_too(items):
    (one, two, three, *_), _ = items
    told("prepare", partitions=8)
    partitioning.copy(batch=2)
    InventoryItem.objects.filter(pk__in=[one.pk, three.pk]).update(notes="changed")
    later = make_item(owner=make_user())
    Movement.objects.filter(item=two).delete()
    two.delete()
    assert "Next: compare" in told("copy", batch=2)
    assert "Both tables hold the same" in told("compare")
    assert (count(partitioning.NEW), count(partitioning.KEYS)) == (5, 5)
    assert later.pk in set(InventoryItem.objects.values_list("pk", flat=True))


def test_steps_are_taken_in_their_order(items):
    with pytest.raises(CommandError, match="prepare first"):
        told("switch")
    told("prepare", partitions=8)
    with pytest.raises(CommandError, match="5 items are not copied yet"):
        told("switch")
    with pytest.raises(CommandError, match=r"[15]0? rows differ"):
        told("compare")
    with pytest.raises(CommandError, match="there already"):
        told("prepare")


def test_members_go_on_as_before(parted):
    (one, two, *_), listing = parted
    assert InventoryItem.objects.get(pk=one.pk).quantity == 3
    actions.reserve(item_id=one.pk, quantity=2, cause="trade:1", by=one.owner)
    with pytest.raises(actions.OutOfStock):
        actions.reserve(item_id=one.pk, quantity=2, cause="trade:2", by=one.owner)
    assert Listing.objects.select_related("item__owner").get(pk=listing.pk).item.owner == one.owner
    made = make_item(owner=two.owner)
    assert set(InventoryItem.objects.filter(owner=two.owner)) == {two, made}
    made.movements.all().delete()
    made.delete()
    assert count(partitioning.KEYS) == 5


def test_the_database_holds_the_same_rules(parted):
    (one, two, *_), _ = parted
    refused = (
        "update inventory_inventoryitem set reserved = 9 where id = '{one}'",
        "update inventory_inventoryitem set owner_id = '{owner}' where id = '{one}'",
        "insert into inventory_inventoryitem select (jsonb_populate_record(i, jsonb_build_object('owner_id', '{owner}'))).*"
        " from inventory_inventoryitem i where id = '{one}'",
        "update inventory_movement set item_id = '{owner}' where item_id = '{one}'",
        "delete from inventory_inventoryitem where id = '{one}'",
        "update inventory_inventoryitem set variant_id = '{owner}' where id = '{one}'",
    )
    for statement in refused:
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format(one=one.pk, owner=two.owner_id))
            cursor.execute("set constraints all immediate")


def test_a_members_page_reads_one_partition_and_old_rows_are_checked(parted):
    (one, *_), _ = parted
    plan = InventoryItem.objects.filter(owner=one.owner).order_by("-created_at")[:30].explain()
    assert plan.count("inventory_item_parted_0") >= 1
    assert (
        len({word for word in plan.split() if word.startswith("inventory_item_parted_0") and word[-3:].isdigit()}) == 1
    )
    assert "8 foreign keys are checked" in told("validate")
