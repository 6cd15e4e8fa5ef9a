"""The block list: blocking, unblocking, whose list it is. What a block ends elsewhere is told in tests/listings/offers."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.accounts.blocks import actions, queries
from apps.accounts.models import Block
from apps.core.errors import InvalidInput
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_a_block_holds_both_ways_until_it_is_taken_back(member):
    other = make_user()
    actions.block(other=other, by=member)
    actions.block(other=other, by=member)
    assert Block.objects.count() == 1
    assert queries.is_blocked_between(member.pk, other.pk)
    assert queries.is_blocked_between(other.pk, member.pk)
    actions.unblock(other_id=member.pk, by=other)  # not theirs
    assert queries.is_blocked_between(member.pk, other.pk)
    actions.unblock(other_id=other.pk, by=member)
    with pytest.raises(queries.Blocked):
        actions.block(other=other, by=member)
        queries.check_not_blocked(other.pk, member.pk)


def test_nobody_blocks_themselves_or_a_moderator(member, moderator):
    for other in (member, moderator):
        with pytest.raises(InvalidInput):
            actions.block(other=other, by=member)


def test_the_pages_tell_what_a_block_does_and_list_ones_own(client, member):
    other = make_user("Mira Vale")
    client.force_login(member)
    assert "Nobody is blocked" in client.get(reverse("blocks")).content.decode()
    assert "is not told" in client.get(reverse("block", args=[other.pk])).content.decode()
    answer = client.post(reverse("block", args=[other.pk]), follow=True).content.decode()
    assert "Mira Vale is blocked" in answer
    assert "Unblock Mira Vale?" in client.get(reverse("block", args=[other.pk])).content.decode()
    client.post(reverse("block", args=[other.pk]), {"blocked": "no"})
    assert not member.blocks.exists()
    client.force_login(other)
    assert "Nobody is blocked" in client.get(reverse("blocks")).content.decode()


def test_programs_block_too(api, member):
    other = make_user("Mira Vale")
    api.force_authenticate(member)
    assert api.post("/api/v1/blocks", {"member_id": str(other.pk)}).status_code == 201
    assert api.get("/api/v1/blocks").json()["blocks"][0]["display_name"] == "Mira Vale"
    assert api.delete(f"/api/v1/blocks/{other.pk}").status_code == 204
    assert api.get("/api/v1/blocks").json()["blocks"] == []
    assert api.post("/api/v1/blocks", {"member_id": str(member.pk)}).status_code == 400
