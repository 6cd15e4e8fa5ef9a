"""The pages that import, as a member meets them: without script, with slips of the hand, and from others' addresses."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.urls import reverse

from apps.catalog.actions import refresh_vocabulary
from apps.inventory.exchange import work
from apps.inventory.exchange.models import InventoryImport
from apps.inventory.models import InventoryItem
from tests.factories import make_user
from tests.inventory.exchange.test_importing import bolt, moxfield, states

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(client, owner):
    client.force_login(owner)
    return client


def upload(client, content: str | bytes, name: str = "cards.csv", **fields):
    file = BytesIO(content.encode() if isinstance(content, str) else content)
    file.name = name
    return client.post(reverse("import-new"), {"file": file, **fields}, follow=True)


def the_import() -> InventoryImport:
    return InventoryImport.objects.get()


def read(client, **fields):
    origin = the_import()
    form = client.get(reverse("import", args=[origin.pk])).context["form"]
    told = {name: form[name].value() or "" for name in form.fields if name not in ("keeps_apart", "adds_at_once")}
    answer = client.post(reverse("import-read", args=[origin.pk]), {**told, **fields}, follow=True)
    work.carry_on(import_id=origin.pk)
    return answer


def test_a_file_is_shown_read_repaired_added_and_undone(visit, owner, magic):
    page = upload(visit, moxfield(bolt(2), bolt(condition="Chewed"), bolt(language="Korean"))).content.decode()
    assert "a file of Moxfield" in page
    assert "Lightning Bolt" in page
    read(visit)
    address = reverse("import", args=[the_import().pk])
    page = visit.get(address).content.decode()
    assert "“Chewed” means" in page
    line = reverse("import-line", args=[the_import().pk, 3])
    visit.post(line, {"do": "correct", "field": "condition", "word": "LP"})
    variant = magic["bolt"].variants.get(finish="foil")
    visit.post(reverse("import-line", args=[the_import().pk, 4]), {"do": "pick", "variant": variant.pk})
    assert states(the_import()) == ["matched"] * 3
    visit.post(reverse("import-add", args=[the_import().pk]))
    work.carry_on(import_id=the_import().pk)
    assert InventoryItem.objects.filter(owner=owner, quantity__gt=0).count() == 3
    assert "and done" in visit.get(address).content.decode()
    visit.post(reverse("import-undo", args=[the_import().pk]))
    work.carry_on(import_id=the_import().pk)
    assert not InventoryItem.objects.filter(owner=owner, quantity__gt=0).exists()


def test_unknown_columns_are_mapped_on_the_page(visit, magic):
    page = upload(visit, "Karte,Anzahl,Nr\nLightning Bolt,3,149\n").content.decode()
    assert "We do not know this kind of file" in page
    answer = read(visit, column_0="name", column_1="quantity", column_2="quantity")
    assert answer.status_code == 422
    assert "Two columns say the same" in answer.content.decode()
    read(visit, column_0="name", column_1="quantity", column_2="number")
    assert [line.quantity for line in the_import().lines.all()] == [3]


def test_the_first_line_can_be_told_to_be_a_card(visit, magic):
    upload(visit, "Karte,Anzahl\nLightning Bolt,3\n")
    visit.post(reverse("import-read", args=[the_import().pk]), {"heading": "no"})
    assert the_import().columns == ["Column 1", "Column 2"]
    visit.post(reverse("import-read", args=[the_import().pk]), {"heading": "yes"})
    assert the_import().columns == ["Karte", "Anzahl"]


def test_what_is_no_table_is_refused_on_the_form(visit, settings):
    answer = upload(visit, b"PK\x03\x04 a workbook", name="cards.xlsx")
    assert answer.status_code == 422
    assert "Save it as CSV" in answer.content.decode()
    settings.IMPORT_MAX_BYTES = 1000
    assert "is over" in upload(visit, "Name\n" + "Island\n" * 500).content.decode()
    assert not InventoryImport.objects.exists()


def test_a_double_click_sends_once(visit, magic):
    for _ in range(2):
        upload(visit, moxfield(bolt()), request_key="one")
    assert InventoryImport.objects.count() == 1


def test_a_line_is_searched_for_and_corrected(visit, magic):
    upload(visit, moxfield(bolt(name="No Such Card", number="9")))
    read(visit)
    address = reverse("import-line", args=[the_import().pk, 2])
    refresh_vocabulary()
    assert "Lightning Bolt" in visit.get(address, {"q": "lightning"}).content.decode()
    form = visit.get(address).context["form"]
    told = {name: form[name].value() or "" for name in form.fields}
    visit.post(address, {**told, "name": "Lightning Bolt", "number": "149"})
    assert states(the_import()) == ["matched"]


def test_dismissed_lines_can_be_taken_up_again(visit, magic):
    upload(visit, moxfield(bolt(condition="Chewed"), bolt(name="None", number="")))
    read(visit)
    visit.post(reverse("import-dismiss", args=[the_import().pk]))
    assert states(the_import()) == ["dismissed", "dismissed"]
    visit.post(reverse("import-line", args=[the_import().pk, 2]), {"do": "again"})
    assert states(the_import()) == ["bad", "dismissed"]


def test_progress_is_shown_and_cancelled_without_script(visit, magic):
    upload(visit, moxfield(bolt()))
    origin = the_import()
    InventoryImport.objects.filter(pk=origin.pk).update(state="reading")
    address = reverse("import", args=[origin.pk])
    assert "Being read" in visit.get(address).content.decode()
    assert b"<html" not in visit.get(address, {"poll": 1}, headers={"HX-Request": "true"}).content
    visit.post(reverse("import-cancel", args=[origin.pk]))
    assert the_import().state == "cancelled"
    assert visit.get(address, {"poll": 1}, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"


def test_names_from_a_file_are_shown_as_text(visit, magic):
    upload(visit, moxfield(bolt(name="<script>alert(1)</script>")), name="<b>.csv")
    read(visit)
    page = visit.get(reverse("import", args=[the_import().pk])).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;b&gt;.csv" in page


def test_others_imports_are_not_there(client, owner, magic, send):
    origin = send(moxfield(bolt(condition="Chewed")))
    client.force_login(make_user())
    for name, more in (("import", []), ("import-line", [2])):
        assert client.get(reverse(name, args=[origin.pk, *more])).status_code == 404
    for name in ("import-add", "import-cancel", "import-undo", "import-map", "import-read", "import-dismiss"):
        assert client.post(reverse(name, args=[origin.pk])).status_code == 404
