"""Every table that names a member has a line; no line names a table or column that is not there."""

import pytest
from django.apps import apps

from apps.accounts.models import User
from apps.privacy.archive import columns
from apps.privacy.holdings import HOLDINGS, Fate

OF_THE_LIBRARIES = {"accounts.User", "auth.User_groups"}


def test_every_table_that_names_a_member_has_a_line():
    naming = {
        model._meta.label
        for model in apps.get_models()
        for one in model._meta.get_fields()
        if one.is_relation and not one.auto_created and one.related_model is User
    }
    missing = naming - {one.table for one in HOLDINGS}
    assert not missing, f"say in apps/privacy/holdings.py what becomes of {sorted(missing)}"


def test_no_table_has_two_lines():
    tables = [one.table for one in HOLDINGS]
    assert len(tables) == len(set(tables))


@pytest.mark.parametrize("one", HOLDINGS, ids=lambda one: one.table)
def test_a_line_names_columns_that_exist(one):
    known = {column.name for column in one.model._meta.concrete_fields}
    assert {*one.blank, *one.hidden, *one.files, *one.own} <= known
    assert all(path.partition("__")[0] in {column.name for column in one.model._meta.get_fields()} for path in one.by)
    assert columns(one), "nothing would be told"
    assert one.why or one.fate is Fate.DELETE, "what stays needs a reason"


def test_no_export_has_a_secret():
    telling = ("digest", "secret", "token", "password", "stamp", "refresh_id")
    told = {(one.table, column.name) for one in HOLDINGS if one.export for column in columns(one)}
    assert not {(table, name) for table, name in told if any(word in name for word in telling)} - {
        ("inventory.InventoryImport", "digest"), ("scans.ScanPhoto", "digest"), ("escrow.Evidence", "digest"),
        ("inventory.ItemPhoto", "digest"), ("notifications.Manner", "digest_at"),
    }, "a digest of a file is none"  # fmt: skip
