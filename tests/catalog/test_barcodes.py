"""Barcodes in the catalogue: imported, corrected, searched and shown; one barcode means one product."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.urls import reverse

from apps.catalog.actions import import_catalog
from apps.catalog.models import Barcode, Product
from apps.core.models import AuditEntry, RejectedInput
from ml import gtin
from tests import schema
from tests.catalog import files
from tests.catalog.test_admin import correct
from tests.factories import make_product, make_variant

pytestmark = pytest.mark.django_db

FORT, LAMP = "2001234567893", "036000291452"


def imported(folder, *rows):
    lines = [
        {"category": "toys/lego", "release_code": "forts", "number": number, "name": name, "barcode": barcode}
        for number, name, barcode in rows
    ]
    return import_catalog(kind="generic", path=files.generic(folder, files.table(lines)))


def values(name):
    return list(Barcode.objects.filter(product__name=name).values_list("value", flat=True))


def test_an_import_keeps_each_region_s_barcode_in_one_form(tmp_path):
    report = imported(tmp_path, ("1", "Fort", f"{FORT}|{LAMP}"), ("2", "Mill", ""))
    assert (report.rejected, report.counts["barcodes"].created) == (0, 2)
    assert values("Fort") == ["0036000291452", FORT]
    assert imported(tmp_path, ("1", "Fort", f"{FORT}|{LAMP}"), ("2", "Mill", "")).changed == 0


def test_a_barcode_that_another_product_has_is_rejected_and_the_product_comes_in(tmp_path):
    imported(tmp_path, ("1", "Fort", FORT))
    report = imported(tmp_path, ("2", "Mill", FORT))
    assert (report.rejected, values("Fort"), values("Mill")) == (1, [FORT], [])
    assert Product.objects.filter(name="Mill").exists()
    assert "belongs to Fort 1 already" in RejectedInput.objects.get().reason


def test_two_lines_of_one_file_cannot_both_have_it(tmp_path):
    report = imported(tmp_path, ("1", "Fort", FORT), ("2", "Mill", FORT))
    assert (report.rejected, values("Fort"), values("Mill")) == (1, [FORT], [])


def test_a_mistyped_barcode_is_named_with_its_line(tmp_path):
    report = imported(tmp_path, ("1", "Fort", "2001234567890"))
    assert "not a barcode" in report.rejects[0].reason
    assert report.rejects[0].line == 2


def test_lego_sets_come_with_what_the_box_says(tmp_path):
    report = import_catalog(kind="brickset", path=files.brickset(tmp_path))
    assert report.rejected == 0
    fort, extra = Product.objects.filter(category__path="toys/lego").order_by("number")
    assert (fort.number, extra.number, fort.release.name) == ("76999", "76999-2", "Forts")
    assert fort.attributes["pieces"] == 812
    assert "packaging" not in extra.attributes
    assert (values("Harbour Fort"), values("Harbour Fort Extra")) == ([FORT], [])
    assert fort.external_ids.get().value == "76999-1"


@pytest.mark.parametrize("typed", [FORT, "2 001234 567893", "02001234567893"])
def test_the_search_finds_a_product_by_its_barcode(client, typed):
    product = make_product("Harbour Fort", number="76999")
    Barcode.objects.create(product=product, value=FORT)
    make_product("Harbour Mill", number="2001")
    found = client.get(reverse("search"), {"q": typed}).context["page"]
    assert [row.name for row in found.rows][:1] == ["Harbour Fort"]
    assert client.get(reverse("api-cards-search"), {"q": typed}).json()["cards"][0]["card_name"] == "Harbour Fort"


@pytest.mark.parametrize("typed", ["76999", "76999-1", "harbour 76999-1"])
def test_the_search_finds_a_set_by_its_number_as_box_or_site_write_it(client, typed):
    make_product("Harbour Fort", number="76999")
    assert [row.name for row in client.get(reverse("search"), {"q": typed}).context["page"].rows] == ["Harbour Fort"]


def test_an_unknown_barcode_finds_nothing(client):
    make_product("Harbour Fort", number="76999")
    assert client.get(reverse("search"), {"q": FORT}).context["page"].total == 0


def test_the_card_page_and_the_api_show_it_as_printed(client):
    product = make_variant(make_product("Harbour Fort")).product
    Barcode.objects.create(product=product, value=gtin.normal(LAMP))
    assert LAMP in client.get(reverse("card", args=[product.pk])).content.decode()
    assert client.get(reverse("api-card", args=[product.pk])).json()["barcodes"] == [LAMP]


class TestAdmin:
    """An admin adds the barcode that no importer knew; the trail tells."""

    def add(self, client, product, typed):
        forms = {"barcodes-TOTAL_FORMS": 1, "barcodes-0-value": typed, "barcodes-0-product": str(product.pk)}
        return correct(client, product, **forms)

    def test_added_in_any_way_of_writing(self, client, admin):
        product = make_product("Harbour Fort")
        client.force_login(admin)
        assert self.add(client, product, "2 001234 567893").status_code == 302
        assert values("Harbour Fort") == [FORT]
        entry = AuditEntry.objects.get(action="product.barcodes_corrected")
        assert (entry.before, entry.after) == ({"barcodes": []}, {"barcodes": [FORT]})

    @pytest.mark.parametrize(("typed", "said"), [("2001234567890", "not a barcode"), (FORT, "belongs to another")])
    def test_a_wrong_or_taken_one_is_refused_in_words(self, client, admin, typed, said):
        Barcode.objects.create(product=make_product("Mill"), value=FORT)
        product = make_product("Harbour Fort")
        client.force_login(admin)
        assert said in self.add(client, product, typed).content.decode()
        assert values("Harbour Fort") == []

    def test_a_moderator_adds_none(self, client, moderator):
        product = make_product("Harbour Fort")
        client.force_login(moderator)
        assert self.add(client, product, FORT).status_code == 403


@pytest.mark.parametrize("value", ["123", "200123456789X"])
def test_the_database_itself_keeps_other_things_out(value):
    with pytest.raises(IntegrityError), transaction.atomic():
        Barcode.objects.create(product=make_product(), value=value)


@pytest.mark.django_db(transaction=True)
def test_barcodes_that_were_known_before_move_and_move_back():
    with schema.empty(f"{connection.settings_dict['NAME']}_barcodes"):
        executor = MigrationExecutor(connection)
        executor.migrate([("catalog", "0002_search")])
        before = executor.loader.project_state([("catalog", "0002_search")]).apps
        category = before.get_model("catalog", "Category").objects.create(path="toys/lego", name="LEGO")
        release = before.get_model("catalog", "Release").objects.create(category=category, code="forts", name="Forts")
        product = before.get_model("catalog", "Product")
        for number, barcode in (("1", LAMP), ("2", "not one"), ("3", LAMP)):
            product.objects.create(category=category, release=release, number=number, name="Fort", barcode=barcode)
        executor.loader.build_graph()
        executor.migrate([("catalog", "0003_barcode")])
        assert list(Barcode.objects.values_list("value", flat=True)) == ["0036000291452"]
        executor.loader.build_graph()
        executor.migrate([("catalog", "0002_search")])
        assert sorted(product.objects.values_list("number", "barcode")) == [("1", LAMP), ("2", "not one"), ("3", LAMP)]
