"""What each role may do in the admin: members nothing, moderators look and decide cases, admins a little more."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.urls import reverse

from apps.accounts.models import Role
from tests.factories import ADDRESS, make_user
from tests.trades.conftest import at_stage, company  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db

# Everything else is looked at by moderators and admins, and edited by nobody.
ADMINS_ALONE = {"accounts.apikey", "accounts.address", "accounts.signin"}
TABLES = sorted(model._meta.label_lower for model in admin.site._registry)
MONEY = {
    "escrow.hold", "escrow.payment", "escrow.settlement", "escrow.chargeback", "escrow.dispute",
    "escrow.ledgeraccount", "escrow.ledgertransaction", "escrow.selleraccount", "trades.trade", "listings.listing",
    "inventory.inventoryitem", "core.auditentry",
}  # fmt: skip


def of(table: str, page: str, *args: object) -> str:
    return reverse(f"admin:{table.replace('.', '_')}_{page}", args=args)


@pytest.mark.parametrize("table", TABLES)
def test_every_table_opens_for_whom_it_should(client, table):
    address = of(table, "changelist")
    expected = {Role.MEMBER: 403, Role.MODERATOR: 403 if table in ADMINS_ALONE else 200, Role.ADMIN: 200}
    assert client.get(address, follow=True).redirect_chain[-1][0].startswith(reverse("account_login"))
    for role, status in expected.items():
        client.force_login(make_user(role=role))
        assert client.get(address, follow=True).status_code == status, role


@pytest.mark.parametrize("table", sorted(MONEY))
@pytest.mark.parametrize("role", [Role.MODERATOR, Role.ADMIN])
def test_money_is_not_moved_by_hand(client, table, role, company):  # noqa: F811
    assert table in TABLES
    at_stage("answered")
    client.force_login(make_user(role=role))
    assert client.get(of(table, "add")).status_code == 403
    model = next(model for model in admin.site._registry if model._meta.label_lower == table)
    row = model.objects.first()
    if row is None:
        return
    assert client.get(of(table, "change", row.pk)).status_code == 200
    before = model.objects.filter(pk=row.pk).values().get()
    client.post(of(table, "change", row.pk), {name: "1" for name in before})
    assert client.post(of(table, "delete", row.pk), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    client.post(of(table, "changelist"), chosen)
    assert model.objects.filter(pk=row.pk).values().get() == before


def test_a_moderator_changes_nobody_and_an_admin_nobody_themselves(client):
    moderator, chief, member = make_user(role=Role.MODERATOR), make_user(role=Role.ADMIN), make_user()
    client.force_login(moderator)
    assert client.post(of("accounts.user", "change", member.pk), {"role": "admin"}).status_code == 403
    client.force_login(chief)
    assert client.post(of("accounts.user", "change", chief.pk), {"role": "member"}).status_code == 403
    member.refresh_from_db()
    assert member.role == Role.MEMBER


def test_the_sidebar_leads_only_where_one_may_go(client):
    make_user().addresses.create(**ADDRESS)
    client.force_login(make_user(role=Role.MODERATOR))
    page = client.get(reverse("admin:index")).content.decode()
    assert of("trades.trade", "changelist") in page
    assert of("escrow.hold", "changelist") in page
    assert of("accounts.apikey", "changelist") not in page


def test_there_is_one_way_to_sign_in(client):
    answer = client.get("/admin/login/", {"next": "/admin/cases/"})
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))
    assert "next=/admin/cases/" in answer["Location"]
    client.force_login(make_user())
    assert client.get("/admin/", follow=True).status_code == 403
    client.force_login(make_user(role=Role.MODERATOR))
    assert client.get("/admin/login/")["Location"] == reverse("admin:index")


def test_a_table_without_rows_says_so_and_asks_nobody_to_create_them(client):
    client.force_login(make_user(role=Role.MODERATOR))
    page = client.get(of("core.rejectedinput", "changelist")).content.decode()
    assert "There has been none so far." in page
    assert "Create a new item" not in page
    page = client.get(of("core.rejectedinput", "changelist"), {"q": "zzz"}).content.decode()
    assert "Nothing fits the search and the filters." in page


def test_instants_in_tables_name_their_zone(client):
    moderator = make_user(role=Role.MODERATOR)
    client.force_login(moderator)
    page = client.get(of("accounts.user", "change", moderator.pk)).content.decode()
    assert f"{moderator.date_joined:%H:%M} UTC" in page
