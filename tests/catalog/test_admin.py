"""The catalogue in the admin: moderators look, admins correct, the trail tells; pages take a fixed number of queries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.catalog.models import Category, ExternalId, Product, ProductImage, Release
from apps.core.models import AuditEntry
from tests.factories import make_product, make_variant

pytestmark = pytest.mark.django_db

MODELS = [Category, Release, Product, ExternalId, ProductImage]


def listing(model):
    return reverse(f"admin:catalog_{model._meta.model_name}_changelist")


def page_of(row):
    return reverse(f"admin:catalog_{row._meta.model_name}_change", args=[row.pk])


@pytest.fixture
def card(db):
    product = make_product("Ember Drake", number="004")
    variant = make_variant(product)
    ExternalId.objects.create(source="tcgplayer", value="90001", product=product, variant=variant)
    ProductImage.objects.create(product=product, source_url="https://pictures.example/4.png")
    return product


@pytest.mark.parametrize("model", MODELS)
def test_moderators_look_and_members_do_not(client, member, moderator, card, model):
    row = model.objects.first()
    client.force_login(member)
    assert [client.get(url).status_code for url in (listing(model), page_of(row))] == [302, 302]
    client.force_login(moderator)
    assert [client.get(url).status_code for url in (listing(model), page_of(row))] == [200, 200]


@pytest.mark.parametrize("row", [Release, Product])
def test_a_moderator_corrects_nothing(client, moderator, card, row):
    client.force_login(moderator)
    assert client.post(page_of(row.objects.first()), {"name": "Other"}).status_code == 403


def correct(client, product, **fields):
    known = {"name": product.name, "names": "{}", "rarity": "", "artist": "", "attributes": "{}"}
    known |= {"initial-names": "{}", "initial-attributes": "{}"}
    formsets = {
        f"{prefix}-{name}": 0
        for prefix in ("variants", "images", "external_ids", "barcodes")
        for name in ("TOTAL_FORMS", "INITIAL_FORMS")
    }
    return client.post(page_of(product), known | formsets | fields)


def test_an_admin_corrects_a_name_and_the_trail_tells(client, admin, card):
    client.force_login(admin)
    assert correct(client, card, name="Ember Dragon").status_code == 302
    card.refresh_from_db()
    assert card.name == "Ember Dragon"
    entry = AuditEntry.objects.get(action="product.corrected")
    assert (entry.actor_id, entry.before, entry.after) == (admin.pk, {"name": "Ember Drake"}, {"name": "Ember Dragon"})


def test_a_corrected_name_is_found_at_once_even_mistyped(client, admin, card):
    client.force_login(admin)
    correct(client, card, name="Salamandrix")
    assert client.get(reverse("search"), {"q": "salamandirx"}).context["page"].total == 1


def test_what_names_a_card_is_not_corrected(client, admin, card):
    client.force_login(admin)
    correct(client, card, number="9", release="")
    card.refresh_from_db()
    assert card.number == "004"


@pytest.mark.parametrize("model", MODELS)
def test_nobody_adds_or_deletes(client, admin, card, model):
    client.force_login(admin)
    assert client.get(reverse(f"admin:catalog_{model._meta.model_name}_add")).status_code == 403
    gone = reverse(f"admin:catalog_{model._meta.model_name}_delete", args=[model.objects.first().pk])
    assert client.post(gone, {"post": "yes"}).status_code == 403


def test_products_are_searched_as_on_the_site(client, moderator, catalogue):
    client.force_login(moderator)

    def found(text):
        return [row.number for row in client.get(listing(Product), {"q": text}).context["cl"].result_list]

    assert sorted(found("emberisard")) == ["004", "004", "005"]
    assert found("op77 17") == ["OP77-017"]
    assert found("qqqq") == []


@pytest.mark.parametrize("model", MODELS)
def test_a_list_takes_the_same_queries_however_long(client, moderator, card, model):
    client.force_login(moderator)

    def count():
        with CaptureQueriesContext(connection) as captured:
            client.get(listing(model))
        return len(captured)

    count()
    before = count()
    for n in range(20):
        product = make_product(f"Card {n}", code=f"set{n}")
        ExternalId.objects.create(source="tcgplayer", value=str(n), product=product, variant=make_variant(product))
        ProductImage.objects.create(product=product)
    assert count() == before
