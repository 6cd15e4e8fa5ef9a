"""Imports and exports over REST, as a program meets them."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.urls import reverse

from apps.inventory.exchange import work
from apps.inventory.exchange.models import InventoryImport
from apps.inventory.models import InventoryItem
from tests.factories import make_item, make_user
from tests.inventory.exchange.test_importing import bolt, moxfield

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(api, owner):
    api.force_authenticate(owner)
    return api


def send(api, content, **fields):
    file = BytesIO(content.encode() if isinstance(content, str) else content)
    file.name = "cards.csv"
    return api.post(reverse("api-imports"), {"file": file, **fields}, format="multipart")


def test_a_program_imports_repairs_adds_and_undoes(program, owner, magic):
    answer = send(program, moxfield(bolt(2), bolt(condition="Chewed"), bolt(language="Korean"), bolt(foil="wet")))
    assert answer.status_code == 201, answer.json()
    assert (answer.json()["state"], answer.json()["layout"]) == ("reading", "moxfield")
    pk = answer.json()["id"]
    work.carry_on(import_id=pk)
    told = program.get(reverse("api-import", args=[pk])).json()
    assert (told["state"], told["lines"]) == ("review", {"matched": 1, "bad": 2, "ambiguous": 1})
    bad = program.get(reverse("api-import-lines", args=[pk]), {"state": "bad"}).json()["lines"]
    assert [(line["line"], line["problem"]) for line in bad] == [(3, "condition"), (5, "finish")]
    line = reverse("api-import-line", args=[pk, 3])
    assert program.patch(line, {"said": {"condition": "MP"}}, format="json").json()["state"] == "matched"
    variant = magic["bolt"].variants.get(finish="foil").pk
    line = reverse("api-import-line", args=[pk, 4])
    assert program.patch(line, {"variant_id": str(variant)}, format="json").json()["state"] == "matched"
    line = reverse("api-import-line", args=[pk, 5])
    assert program.patch(line, {"dismissed": True}, format="json").json()["state"] == "dismissed"
    assert program.post(reverse("api-import-add", args=[pk])).json()["state"] == "adding"
    work.carry_on(import_id=pk)
    assert InventoryItem.objects.filter(owner=owner, quantity__gt=0).count() == 3
    program.post(reverse("api-import-undo", args=[pk]))
    work.carry_on(import_id=pk)
    assert not InventoryItem.objects.filter(owner=owner, quantity__gt=0).exists()


def test_unknown_columns_wait_for_a_mapping(program, magic):
    answer = send(program, "Karte,Anzahl,Nr\nLightning Bolt,3,149\n").json()
    assert (answer["state"], answer["columns"]) == ("preview", ["Karte", "Anzahl", "Nr"])
    address = reverse("api-import-read", args=[answer["id"]])
    wrong = program.post(address, {"mapping": ["name", "name", ""]}, format="json")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "INVALID_INPUT")
    mapping = {"mapping": ["name", "quantity", "number"], "add": True}
    assert program.post(address, mapping, format="json").json()["state"] == "reading"
    work.carry_on(import_id=answer["id"])
    assert InventoryImport.objects.get().lines.get().state == "added"


def test_what_cannot_be_taken_is_refused_with_its_code(program, settings):
    assert send(program, b"%PDF-1.7").json()["error"]["code"] == "UNSUPPORTED_TYPE"
    assert send(program, b"").status_code == 400
    settings.IMPORT_MAX_BYTES = 10
    assert send(program, "Name,Set\nIsland,M11\n").status_code == 413


def test_an_inventory_is_had_as_a_file(program, owner, magic):
    make_item(owner, magic["borrower"].variants.get(), notes="kept")
    answer = program.get(reverse("api-export", args=["deckbox"]))
    assert b"Brazen Borrower // Petty Theft" in b"".join(answer.streaming_content)
    formats = {each["layout"]: each["losses"] for each in program.get(reverse("api-exports")).json()["formats"]}
    assert formats["deckbox"] == {"the notes": 1}
    assert formats["cardvault"] == {}
    assert program.get(reverse("api-export", args=["nonsense"])).status_code == 404


def test_others_imports_are_not_there(api, owner, magic, send):
    origin = send(moxfield(bolt()))
    api.force_authenticate(make_user())
    assert api.get(reverse("api-import", args=[origin.pk])).status_code == 404
    assert api.post(reverse("api-import-add", args=[origin.pk])).status_code == 404
