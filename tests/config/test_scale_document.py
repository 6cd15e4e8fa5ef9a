"""docs/scale.md speaks of settings, tables and columns that there are."""

import re

from django.apps import apps
from django.db import connection, models

from config.env import ROOT, Environment
from config.settings.base import CELERY_TASK_ROUTES

DOCUMENT = (ROOT / "docs/scale.md").read_text()
ROWS = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.*) \|$", DOCUMENT, re.MULTILINE)


def fields_of(table: str) -> dict[str, models.Field]:
    known = {model._meta.db_table: model for model in apps.get_models()}
    return {field.column: field for field in known[table]._meta.concrete_fields}


def test_tables_that_would_be_spread_have_the_column_or_the_way_to_it():
    assert len(ROWS) > 15
    named = {table for table, _, _ in ROWS}
    for table, column, said in ROWS:
        field = fields_of(table)[column]
        if said.startswith("has it"):
            assert column == "owner_id"
            assert field.null == ("empty for visitors" in said), table
        else:  # the row above that it takes its owner from is on the list, too
            assert field.related_model._meta.db_table in named, table


def test_an_items_owner_never_changes():
    """What partitions by owner rest on: whoever gets a copy gets an item of their own."""
    changed = [
        str(path)
        for path in (ROOT / "apps").rglob("*.py")
        if re.search(r"item\.owner(_id)? = |inventory_inventoryitem set [^;]*owner_id", path.read_text())
    ]
    assert changed == []


def test_settings_of_the_document_are_there():
    named = set(re.findall(r"`([A-Z][A-Z0-9]+_[A-Z0-9_]+)", DOCUMENT))
    assert {name.lower() for name in named} <= set(Environment.model_fields)
    assert {"vision", "feeds", "notify"} <= {route["queue"] for route in CELERY_TASK_ROUTES.values()}


def test_the_database_has_these_tables(db):
    with connection.cursor() as cursor:
        assert {table for table, _, _ in ROWS} <= set(connection.introspection.table_names(cursor))
