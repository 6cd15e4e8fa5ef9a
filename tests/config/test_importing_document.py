"""The tables in docs/importing.md go through the commands that it describes."""

import re

import pytest
from django.core.management import call_command

from apps.catalog.importers import IMPORTERS
from apps.catalog.models import Variant
from apps.valuations.models import Quote, Sale
from config.env import ROOT

DOCUMENT = (ROOT / "docs/importing.md").read_text()


def test_every_kind_of_catalogue_is_described():
    section = DOCUMENT.partition("| kind |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)) == set(IMPORTERS)


@pytest.mark.django_db
def test_the_examples_are_taken_in_whole(tmp_path):
    catalogue, quotes, sales = re.findall(r"```csv\n(.*?)```", DOCUMENT, re.DOTALL)
    for command, content in (("import_catalog", catalogue), ("import_prices", quotes), ("import_sales", sales)):
        path = tmp_path / f"{command}.csv"
        path.write_text(content)
        call_command(command, "generic", str(path), verbosity=0)
    names = set(Variant.objects.values_list("product__name", "finish"))
    assert names == {
        ("Charizard", "holofoil"),
        ("Charizard", "first-edition-holofoil"),
        ("Yellow Castle", "sealed"),
        ("Yellow Castle", "normal"),
    }
    assert Quote.objects.count() == 1
    assert sorted(Sale.objects.values_list("reference", "grade_company")) == [("A-1001", ""), ("A-1002", "PSA")]
