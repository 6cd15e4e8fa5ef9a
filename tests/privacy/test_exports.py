"""An export has everything of the member's and nothing of anybody else's; it is made once, kept a week, and is its owner's."""

import csv
import datetime as dt
import io
import json
import zipfile

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone

from apps.alerts import actions as alerts
from apps.privacy import actions, retention
from apps.privacy.models import DataExport
from apps.scans.models import Scan, ScanPhoto
from tests.factories import ADDRESS, make_item, make_trade, make_user, make_variant

pytestmark = pytest.mark.django_db


@pytest.fixture
def built(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path

    def build(member):
        export = actions.ask_export(by=member)
        actions.build(export_id=export.pk)
        export.refresh_from_db()
        return export

    return build


def opened(export):
    return zipfile.ZipFile(io.BytesIO(default_storage.open(export.file).read()))


def test_it_holds_what_is_the_members_and_their_files(built):
    member, other = make_user("Ada"), make_user("Bob")
    member.addresses.create(**ADDRESS)
    item, foreign = make_item(member), make_item(other)
    alerts.set_rule(by=member, kind="availability", product=make_variant().product)
    default_storage.save("scans/one.jpg", ContentFile(b"a picture"))
    scan = Scan.objects.create(owner=member, visitor_token="kept to ourselves")
    ScanPhoto.objects.create(scan=scan, file="scans/one.jpg", digest="0", width=1, height=1)

    archive = opened(built(member))
    told = json.loads(archive.read("data.json"))
    assert told["profile"]["display_name"] == "Ada"
    assert [row["line1"] for row in told["accounts.Address"]] == [ADDRESS["line1"]]
    assert [row["id"] for row in told["inventory.InventoryItem"]] == [str(item.pk)]
    assert archive.read("files/scans/one.jpg") == b"a picture"
    assert str(foreign.pk) not in archive.read("data.json").decode()
    assert "kept to ourselves" not in archive.read("data.json").decode()
    rows = list(csv.DictReader(io.StringIO(archive.read("csv/accounts.address.csv").decode("utf-8-sig"))))
    assert rows[0]["city"] == ADDRESS["city"]


def test_a_seller_is_not_given_the_buyers_address(built):
    trade = make_trade()
    address = trade.ship_to["line1"]
    assert address in opened(built(trade.buyer)).read("data.json").decode()
    assert address not in opened(built(trade.seller)).read("data.json").decode()


def test_a_name_that_is_a_formula_stays_text_in_a_spreadsheet(built):
    member = make_user()
    member.addresses.create(**ADDRESS | {"name": '=HYPERLINK("http://x")'})
    table = opened(built(member)).read("csv/accounts.address.csv").decode("utf-8-sig")
    assert "'=HYPERLINK" in table


def test_a_file_that_is_no_longer_stored_does_not_end_the_export(built):
    member = make_user()
    ScanPhoto.objects.create(
        scan=Scan.objects.create(owner=member), file="scans/gone.jpg", digest="0", width=1, height=1
    )
    assert built(member).state == DataExport.State.READY


def test_asking_twice_makes_one_and_soon_after_it_is_refused(built):
    member = make_user()
    assert actions.ask_export(by=member) == actions.ask_export(by=member)
    built(member)
    with pytest.raises(actions.ExportRecent):
        actions.ask_export(by=member)


def test_a_dead_worker_costs_a_turn_and_three_end_it(built):
    member, now = make_user(), timezone.now()
    export = actions.ask_export(by=member)
    for turn in range(1, 6):
        actions.resume(now=now + dt.timedelta(hours=turn))
    export.refresh_from_db()
    assert (export.state, export.attempts) == (DataExport.State.FAILED, 3)
    assert actions.ask_export(by=member) != export


def test_after_a_week_the_archive_is_gone(built, django_capture_on_commit_callbacks):
    export = built(make_user())
    with django_capture_on_commit_callbacks(execute=True):
        retention.forget(now=timezone.now() + dt.timedelta(days=8), tables=("privacy.DataExport",))
    assert not default_storage.exists(export.file)
    export.refresh_from_db()
    assert export.state == DataExport.State.GONE


def test_only_its_owner_downloads_it(built, client):
    owner, other = make_user(), make_user()
    address = reverse("data-export-download", args=[built(owner).pk])
    client.force_login(other)
    assert client.get(address, follow=True).status_code in {404, 200} and b"PK" not in client.get(address).content[:2]
