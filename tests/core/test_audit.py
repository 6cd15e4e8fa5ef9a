"""The audit trail: who, what, before and after; and nobody rewrites it."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest
import structlog
from django.db import DatabaseError, connection, transaction

from apps.core import audit
from apps.core.models import AuditEntry

pytestmark = pytest.mark.django_db


def test_an_entry_says_who_did_what_before_and_after(member, moderator):
    with structlog.contextvars.bound_contextvars(request_id="request-1"):
        entry = audit.record(
            action="member.renamed",
            target=member,
            by=moderator,
            before={"name": "A"},
            after={"name": "B"},
            reason="asked",
        )
    entry.refresh_from_db()
    assert (entry.actor_id, entry.actor_label, entry.action) == (moderator.pk, str(moderator), "member.renamed")
    assert (entry.target_type, entry.target_id) == ("accounts.user", str(member.pk))
    assert (entry.before, entry.after, entry.reason, entry.request_id) == (
        {"name": "A"},
        {"name": "B"},
        "asked",
        "request-1",
    )


def test_the_system_itself_is_an_actor(member):
    assert audit.record(action="swept", target=member).actor_label == "system"


def test_values_of_every_kind_are_kept(member):
    when, key = dt.datetime(2026, 1, 2, tzinfo=dt.UTC), uuid.uuid4()
    entry = audit.record(action="x", target=member, after={"at": when, "id": key, "price": Decimal("1.50"), "n": None})
    entry.refresh_from_db()
    assert entry.after == {"at": str(when), "id": str(key), "price": "1.50", "n": None}


def test_the_label_of_an_actor_is_never_their_mail_address(member):
    assert member.email not in audit.record(action="x", target=member, by=member).actor_label
    member.display_name = ""
    assert member.email not in audit.record(action="x", target=member, by=member).actor_label


@pytest.mark.parametrize(
    "change",
    [
        lambda: AuditEntry.objects.update(reason="rewritten"),
        lambda: AuditEntry.objects.all().delete(),
        lambda: connection.cursor().execute("truncate core_auditentry"),
        lambda: connection.cursor().execute("delete from core_auditentry"),
    ],
    ids=["update", "delete", "truncate", "raw delete"],
)
def test_the_database_refuses_to_rewrite_history(member, change):
    audit.record(action="x", target=member)
    with pytest.raises(DatabaseError, match="append only"), transaction.atomic():
        change()
    assert AuditEntry.objects.get().reason == ""


def test_an_entry_goes_with_the_transaction_that_it_tells_of(member):
    with pytest.raises(RuntimeError), transaction.atomic():
        audit.record(action="x", target=member)
        raise RuntimeError
    assert not AuditEntry.objects.exists()
