"""What has had its time goes, in batches, and nothing else; every table that names a member says why it is kept."""

from __future__ import annotations

import datetime as dt

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone

from apps.accounts.actions import save_address
from apps.core.models import AuditEntry, OutboxEvent
from apps.escrow.models import LedgerEntry
from apps.inventory.models import InventoryImport
from apps.listings.cart.models import Cart
from apps.notifications.models import Mail
from apps.privacy import queries, retention
from apps.privacy.holdings import HOLDINGS
from apps.privacy.retention import RETENTION, STAYS, forget
from apps.risk.models import Sighting
from apps.scans.models import DetectedCard, Scan, ScanPhoto
from tests.factories import ADDRESS, make_user
from tests.trades.conftest import at_stage, company  # noqa: F401 - a fixture

NOW = timezone.now()


def ago(**span: int) -> dt.datetime:
    return NOW - dt.timedelta(**span)


def test_every_table_that_names_a_member_says_why_it_is_kept():
    missing = {one.table for one in HOLDINGS} - set(retention.reasons())
    assert not missing, f"say in apps/privacy/retention.py how long {sorted(missing)} is kept, or why it stays"
    unknown = set(STAYS) - {one.table for one in HOLDINGS}
    assert not unknown, f"{sorted(unknown)} name no member"
    assert not {one.table for one in RETENTION} & set(STAYS), "either it has its time, or it stays"


@pytest.mark.parametrize("one", RETENTION, ids=lambda one: one.what)
@pytest.mark.django_db
def test_a_line_is_of_a_table_and_of_columns_that_are_there(one):
    assert one.rows(NOW).count() == 0
    assert set(one.blank) <= {column.name for column in one.model._meta.concrete_fields}
    assert one.why
    assert not one.table.startswith("escrow.Ledger")


def test_the_documentation_has_every_line_as_it_is():
    document = (settings.BASE_DIR / "docs/privacy.md").read_text()
    for one in queries.times():
        assert f"| {one.what} | {one.how_long} | {one.happens} | {one.why} |" in document


def make_scan(owner=None, *, at: dt.datetime, state: str = "confirmed") -> Scan:
    scan = Scan.objects.create(owner=owner, visitor_token="" if owner else "t" * 20, created_at=at, state=state)
    names = [default_storage.save(f"scans/{scan.pk}-{part}.jpg", ContentFile(b"picture")) for part in ("photo", "crop")]
    photo = ScanPhoto.objects.create(scan=scan, file=names[0], digest=str(scan.pk), width=1, height=1)
    DetectedCard.objects.create(photo=photo, quad=[[0, 0]] * 4, crop=names[1], position=0)
    return scan


@pytest.mark.django_db
def test_old_photos_go_with_their_scans_and_what_still_runs_stays(django_capture_on_commit_callbacks):
    member = make_user()
    kept = [
        make_scan(member, at=ago(days=300)), make_scan(at=ago(days=6)), make_scan(at=ago(days=9), state="running"),
    ]  # fmt: skip
    gone = [make_scan(member, at=ago(days=400)), make_scan(at=ago(days=8))]
    files = [(scan.photos.get().file, scan.photos.get().cards.get().crop) for scan in gone]
    with django_capture_on_commit_callbacks(execute=True):
        assert sum(forget(now=NOW, tables=("scans.Scan",)).values()) == 2
    assert set(Scan.objects.all()) == set(kept)
    assert not any(default_storage.exists(name) for names in files for name in names)
    assert default_storage.exists(kept[0].photos.get().file)


@pytest.mark.django_db
def test_a_round_goes_in_batches_and_takes_all(monkeypatch):
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    member = make_user()
    sent = [Mail(owner=member, state="sent", created_at=ago(days=31), due_at=NOW, sent_at=NOW) for _ in range(5)]
    Mail.objects.bulk_create([*sent, Mail(owner=member, state="waiting", created_at=ago(days=31), due_at=NOW)])
    assert forget(now=NOW, tables=("notifications.Mail",)) == {"Records of e-mails": 5}
    assert [one.state for one in Mail.objects.all()] == ["waiting"]


@pytest.mark.django_db
def test_carts_hashes_and_import_files_have_their_time(django_capture_on_commit_callbacks, capsys):
    member = make_user()
    for owner, token, days in ((None, "a", 31), (None, "b", 29), (member, None, 100)):
        cart = Cart.objects.create(owner=owner, visitor_token=token)
        Cart.objects.filter(pk=cart.pk).update(updated_at=ago(days=days))
    for digest, days in (("old", 731), ("new", 10)):
        Sighting.objects.create(
            kind="device", digest=digest, member=member, first_at=ago(days=800), last_at=ago(days=days)
        )
    name = default_storage.save("imports/old.csv", ContentFile(b"Name\n"))
    origin = InventoryImport.objects.create(
        owner=member, state="review", file=name, file_name="old.csv", size=5, digest="a" * 64, encoding="utf-8",
        delimiter=",", heading_line=1, columns=["Name"], mapping=["name"], created_at=ago(days=31),
    )  # fmt: skip
    call_command("forget_old", dry_run=True)
    assert "       1  Carts of visitors" in capsys.readouterr().out
    with django_capture_on_commit_callbacks(execute=True):
        call_command("forget_old")
    assert set(Cart.objects.values_list("visitor_token", flat=True)) == {"b", None}
    assert Sighting.objects.get().digest == "new"
    origin.refresh_from_db()
    assert (origin.file, default_storage.exists(name)) == ("", False)


@pytest.mark.django_db
def test_a_fact_that_somebody_waits_for_stays_and_the_books_are_never_touched(company, relay):  # noqa: F811
    trade = at_stage("released")
    relay()
    save_address(user=trade.buyer, by=trade.buyer, **ADDRESS)
    books, trail = LedgerEntry.objects.count(), AuditEntry.objects.count()
    later = NOW + dt.timedelta(days=3650)
    forget(now=later)
    assert OutboxEvent.objects.get().topic == "member.address_saved"
    relay()
    forget(now=later)
    assert not OutboxEvent.objects.exists()
    assert (LedgerEntry.objects.count(), AuditEntry.objects.count()) == (books, trail)
    assert books > 0
