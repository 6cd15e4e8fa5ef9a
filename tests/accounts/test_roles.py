"""Roles, and what the admin shows to whom."""

import pytest
from django.urls import reverse

from apps.accounts import actions, tokens
from apps.accounts.models import Role, SignIn, Tier
from apps.core.errors import NotYours
from apps.core.models import AuditEntry
from tests.factories import ADDRESS, make_user

pytestmark = pytest.mark.django_db


def test_an_admin_changes_a_role_and_the_trail_says_so(member, admin):
    actions.set_role(user=member, role=Role.MODERATOR, by=admin, reason="knows the field")
    member.refresh_from_db()
    assert member.is_staff
    entry = AuditEntry.objects.get(action="member.role")
    assert (entry.actor_id, entry.target_id, entry.before, entry.after, entry.reason) == (
        admin.pk, str(member.pk), {"role": "member"}, {"role": "moderator"}, "knows the field",
    )  # fmt: skip


def test_nobody_else_changes_roles_or_closes_accounts(member, moderator, admin):
    for by in (member, moderator):
        for act in (
            lambda by=by: actions.set_role(user=member, role=Role.ADMIN, by=by, reason=""),
            lambda by=by: actions.set_active(user=make_user(), active=False, by=by, reason=""),
        ):
            with pytest.raises(NotYours):
                act()
    with pytest.raises(NotYours):
        actions.set_role(user=admin, role=Role.MEMBER, by=admin, reason="")


def test_closing_an_account_ends_its_sign_ins(member, admin):
    tokens.open_sign_in(member)
    actions.set_active(user=member, active=False, by=admin, reason="asked for it")
    assert SignIn.objects.get().ended_because == "closed"
    assert AuditEntry.objects.get(action="member.closed").reason == "asked for it"


@pytest.mark.parametrize(
    ("role", "users", "keys"), [(Role.MEMBER, 302, 302), (Role.MODERATOR, 200, 403), (Role.ADMIN, 200, 200)]
)
def test_moderators_see_people_and_only_admins_see_keys_and_addresses(client, role, users, keys):
    make_user().addresses.create(**ADDRESS)
    client.force_login(make_user(role=role))
    assert client.get(reverse("admin:accounts_user_changelist")).status_code == users
    for model in ("apikey", "address", "signin"):
        assert client.get(reverse(f"admin:accounts_{model}_changelist")).status_code == keys


def test_a_moderator_looks_at_a_member_and_cannot_change_them(client, moderator, member):
    client.force_login(moderator)
    page = reverse("admin:accounts_user_change", args=[member.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {"role": "admin"}).status_code == 403


def test_an_admin_changes_role_and_standing_in_the_admin(client, admin, member):
    client.force_login(admin)
    none = {
        f"emailaddress_set-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")
    }
    page = reverse("admin:accounts_user_change", args=[member.pk])
    answer = client.post(page, {"role": "moderator", "api_tier": "standard"} | none)
    assert answer.status_code == 302, answer.content
    member.refresh_from_db()
    assert (member.role, member.is_active) == ("moderator", False)
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {"member.role", "member.closed"}


def test_the_list_of_people_does_not_ask_per_row(client, admin, django_assert_max_num_queries):
    for _ in range(20):
        make_user()
    client.force_login(admin)
    with django_assert_max_num_queries(10):
        client.get(reverse("admin:accounts_user_changelist"))


def test_an_admin_gives_a_tier_and_nobody_else_does(member, admin, moderator):
    assert actions.set_tier(user=member, tier=Tier.SHOP, by=admin, reason="a shop").api_allowance == 5
    assert AuditEntry.objects.get(action="member.tier").after == {"tier": "shop"}
    for person in (member, moderator):
        with pytest.raises(NotYours):
            actions.set_tier(user=member, tier=Tier.PARTNER, by=person, reason="")
