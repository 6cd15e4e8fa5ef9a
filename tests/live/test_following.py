"""Following streams over the real route: what is told, to whom, and what was missed is told after all."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from apps.accounts import actions as accounts
from apps.accounts.adapter import AccountAdapter
from apps.accounts.models import APIKey, Role
from apps.core import metrics, outbox
from apps.core.ids import uuid7
from apps.live import keeping, places, pushing
from apps.live.pushing import push
from apps.valuations.events import PriceChanged
from tests.factories import make_trade, make_user, make_variant
from tests.live.clients import Socket, do, live, signed_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def member():
    return make_user()


def mine(user: object) -> str:
    return f"member:{user.pk}"


def test_a_member_hears_what_is_pushed_to_them(member):
    async def story():
        page = Socket(await do(signed_in, member))
        hello = await page.connect()
        assert (hello["type"], hello["version"], hello["member"]) == ("hello", 1, str(member.pk))
        began = await page.follow(mine(member))
        assert (began["type"], began["complete"]) == ("subscribed", True)
        await do(push, mine(member), "unread", {"count": 3})
        event = await page.heard()
        assert (event["stream"], event["event"], event["data"]) == (mine(member), "unread", {"count": 3})
        assert keeping.is_newer(event["id"], began["at"])
        await page.leave()

    live(story)


def test_nothing_is_told_of_what_was_rolled_back(member):
    def change_twice() -> None:
        with transaction.atomic():
            try:
                with transaction.atomic():
                    push(mine(member), "lost")
                    raise ValueError
            except ValueError:
                pass
            push(mine(member), "kept")
            push(mine(member), "kept")

    async def story():
        page = Socket(await do(signed_in, member))
        await page.connect()
        await page.follow(mine(member))
        await do(change_twice)
        await do(push, mine(member), "after")
        assert [(await page.heard())["event"] for _ in range(2)] == ["kept", "after"]
        await page.leave()

    live(story)


def test_who_was_away_is_told_what_was_missed_in_order(member):
    async def story():
        client = await do(signed_in, member)
        page = Socket(client)
        await page.connect()
        await page.follow(mine(member))
        await do(push, mine(member), "one")
        last = (await page.heard())["id"]
        await page.leave()
        for event in ("two", "three"):
            await do(push, mine(member), event)
        again = Socket(client)
        await again.connect()
        began = await again.follow(mine(member), last)
        assert began["complete"]
        assert [(await again.heard())["event"] for _ in range(2)] == ["two", "three"]
        await again.leave()

    live(story)


def test_who_was_away_too_long_is_told_to_ask_anew(member, monkeypatch):
    monkeypatch.setattr(keeping, "MOST_KEPT", 2)

    async def story():
        client = await do(signed_in, member)
        page = Socket(client)
        await page.connect()
        last = (await page.follow(mine(member)))["at"]
        await page.leave()
        for event in ("one", "two", "three"):
            await do(push, mine(member), event)
        again = Socket(client)
        await again.connect()
        assert not (await again.follow(mine(member), last))["complete"]
        await again.leave()

    live(story)


def test_of_an_id_from_before_this_redis_nothing_is_known(member):
    async def story():
        page = Socket(await do(signed_in, member))
        await page.connect()
        assert not (await page.follow(mine(member), "1600000000000-0"))["complete"]
        await page.leave()

    live(story)


def test_what_nobody_watches_is_not_kept_where_there_are_a_great_many(member):
    push(mine(member), "unheard")
    assert not keeping.client(_url()).exists(keeping.name("kept", mine(member)))
    assert pushing.watched("member") == []


def _url() -> str:
    from django.conf import settings

    return settings.LIVE_REDIS_URL


def test_streams_may_be_shared_out_among_several_servers(member, settings):
    """Two databases stand for two servers: each stream lies whole on one, and nobody who follows notices."""
    one = settings.LIVE_REDIS_URL
    settings.LIVE_REDIS_URL = f"{one},{one.partition('?')[0]}?db=15"
    servers = [keeping.client(address) for address in places.addresses()]
    people = [member]
    while len({places.number_of(mine(person), 2) for person in people}) < 2 or len(people) < 4:
        people.append(make_user())

    async def story():
        pages = [Socket(await do(signed_in, person)) for person in people]
        for page, person in zip(pages, people, strict=True):
            await page.connect()
            assert (await page.follow(mine(person)))["complete"]
        assert {str(person.pk) for person in people} <= set(await do(pushing.watched, "member"))
        last = {}
        for person in people:
            await do(push, mine(person), "told")
        for page, person in zip(pages, people, strict=True):
            event = await page.heard()
            assert (event["event"], event["stream"]) == ("told", mine(person))
            last[person] = event["id"]
            await page.leave()
        for person in people:
            kept = [await do(server.exists, keeping.name("kept", mine(person))) for server in servers]
            assert kept == ([1, 0] if places.number_of(mine(person), 2) == 0 else [0, 1])
        again = Socket(await do(signed_in, member))
        await again.connect()
        assert (await again.follow(mine(member), last[member]))["complete"]
        await again.leave()

    live(story)


def test_others_and_visitors_hear_nothing_of_a_member(member):
    async def story():
        stranger = await do(signed_in, await do(make_user))
        for page in (Socket(stranger), Socket()):
            await page.connect()
            for stream in (mine(member), f"member:{uuid7()}", "nothing:1", "member:x"):
                refused = await page.follow(stream)
                assert (refused["code"], refused["stream"]) == ("no_such_stream", stream)
            await page.leave()

    live(story)


def test_a_program_shows_its_key(member):
    secret = APIKey.new_secret()
    APIKey.objects.create(user=member, name="bot", prefix=secret[:8], digest=APIKey.digest_of(secret), scopes=["read"])

    async def story():
        program = Socket()
        assert (await program.connect())["member"] is None
        assert (await program.ask("auth", key="tk_wrong"))["code"] == "bad_credentials"
        assert (await program.ask("auth", key=secret))["member"] == str(member.pk)
        assert (await program.follow(mine(member)))["type"] == "subscribed"
        await program.leave()

    live(story)


def test_another_site_is_turned_away(member):
    async def story():
        page = Socket(await do(signed_in, member), origin=b"https://elsewhere.example")
        assert (await page.connect())["type"] == "websocket.close"

    live(story)


def test_a_cookie_counts_only_on_a_page_of_ours(member):
    async def story():
        program = Socket(await do(signed_in, member), origin=None)
        assert (await program.connect())["member"] is None
        await program.leave()

    live(story)


def test_signing_out_closes_the_sockets_of_that_session_alone(member):
    async def story():
        here, there = await do(signed_in, member), await do(signed_in, member)
        pages = [Socket(here), Socket(there)]
        for page in pages:
            await page.connect()
            await page.follow(mine(member))
        await do(here.logout)
        assert await pages[0].heard() == {"type": "close", "code": 4401}
        assert (await pages[1].ask("ping"))["type"] == "pong"
        await pages[1].leave()

    live(story)


def test_a_closed_account_and_a_new_password_close_every_socket_that_they_end(member):
    admin = make_user(role=Role.ADMIN)
    other = make_user()

    def shut() -> None:
        accounts.set_active(user=member, active=False, by=admin, reason="Sold fakes")
        AccountAdapter().set_password(other, "another-one-2")

    async def story():
        pages = [Socket(await do(signed_in, user)) for user in (member, other, admin)]
        for page in pages:
            await page.connect()
        await do(shut)
        for page in pages[:2]:
            assert await page.heard() == {"type": "close", "code": 4401}
        assert (await pages[2].ask("ping"))["type"] == "pong"
        await pages[2].leave()

    live(story)


def test_bad_messages_are_answered_and_too_many_end_it(member):
    async def story():
        page = Socket(await do(signed_in, member))
        await page.connect()
        codes = []
        for text in ("{", "[]", '{"type": "dance"}', '{"type": "subscribe", "streams": {"a": 1}}', "[" * 5000):
            await page.send_input({"type": "websocket.receive", "text": text})
            codes.append((await page.heard())["code"])
        assert codes == ["bad_json", "bad_message", "bad_message", "bad_message", "bad_json"]
        await page.send_input({"type": "websocket.receive", "bytes": b"x"})
        assert (await page.heard())["code"] == "bad_message"
        for _ in range(4):
            await page.say("dance")
        assert [(await page.heard())["type"] for _ in range(5)][-1] == "close"

    live(story)


def test_a_message_that_is_too_long_closes(member):
    async def story():
        page = Socket()
        await page.connect()
        await page.say("subscribe", streams=["x" * 10_000])
        assert await page.heard() == {"type": "close", "code": 1009}

    live(story)


def test_who_sends_too_much_is_slowed_and_then_closed():
    async def story():
        page = Socket()
        await page.connect()
        for _ in range(60):
            await page.say("ping")
        heard = []
        while not heard or heard[-1]["type"] != "close":
            heard.append(await page.heard())
        assert {each.get("code") for each in heard if each["type"] == "error"} == {"slow_down"}
        assert heard[-1]["code"] == 4429

    live(story)


def test_events_are_small(member):
    with pytest.raises(ValueError, match="the most is"):
        push(mine(member), "toast", {"text": "x" * 9000})


def open_stream() -> str:
    """A stream that everybody may follow."""
    return f"card:{uuid7()}"


def test_rights_that_are_gone_take_the_stream_away(member):
    trade = make_trade()
    moderator = make_user(role=Role.MODERATOR)

    def demote() -> None:
        moderator.role = Role.MEMBER
        moderator.save()
        pushing.rights_changed(moderator.pk)

    async def story():
        page = Socket(await do(signed_in, moderator))
        await page.connect()
        assert (await page.follow(f"trade:{trade.pk}"))["type"] == "subscribed"
        assert (await page.heard())["type"] == "presence"
        await do(demote)
        taken = await page.heard()
        assert (taken["type"], taken["stream"]) == ("unsubscribed", f"trade:{trade.pk}")
        await page.leave()

    live(story)


def test_the_round_finds_whose_key_was_revoked(member):
    secret = APIKey.new_secret()
    key = APIKey.objects.create(
        user=member, name="bot", prefix=secret[:8], digest=APIKey.digest_of(secret), scopes=["read"]
    )

    async def story():
        program = Socket()
        await program.connect()
        await program.ask("auth", key=secret)
        await do(APIKey.objects.filter(pk=key.pk).update, revoked_at=timezone.now())
        await do(pushing.rights_changed, member.pk)
        assert await program.heard() == {"type": "close", "code": 4401}

    live(story)


def test_both_in_a_room_hear_who_is_there(member):
    trade = make_trade()

    async def story():
        buyer, seller = [Socket(await do(signed_in, user)) for user in (trade.buyer, trade.seller)]
        for page in (buyer, seller):
            await page.connect()
            await page.follow(f"trade:{trade.pk}")
        heard = [await buyer.heard(), await buyer.heard()]
        assert [each["members"] for each in heard] == [
            [str(trade.buyer_id)],
            sorted([str(trade.buyer_id), str(trade.seller_id)]),
        ]
        await seller.leave()
        assert (await buyer.heard())["members"] == [str(trade.buyer_id)]
        await buyer.leave()

    live(story)


def test_price_ticks_reach_who_looks_at_the_card_and_nobody_else(member):
    seen, unseen = make_variant(), make_variant()

    def moved() -> None:
        at = timezone.now()
        with transaction.atomic():
            outbox.emit_all(
                [
                    PriceChanged(
                        variant_id=each.pk, condition="NM", old=Decimal(3), new=Decimal(4), currency="USD", at=at
                    )
                    for each in (seen, unseen)
                ]
            )
        outbox.relay()

    async def story():
        page = Socket()
        await page.connect()
        await page.follow(f"card:{seen.product_id}")
        await do(moved)
        told = (await page.heard())["data"]
        assert (told["changes"], told["prices"][0]["new"]) == (1, "4")
        await page.leave()

    live(story)
    assert not keeping.client(_url()).exists(keeping.name("kept", f"card:{unseen.product_id}"))


def test_open_sockets_are_counted_and_those_that_ended_by_why(member):
    def told() -> tuple[float, float]:
        gone = metrics.REGISTRY.get_sample_value("cardvault_websockets_closed_total", {"why": "gone"})
        return metrics.REGISTRY.get_sample_value("cardvault_websocket_clients") or 0.0, gone or 0.0

    async def story():
        opened, ended = told()
        one, other = Socket(await do(signed_in, member)), Socket()
        await one.connect()
        await other.connect()
        assert told() == (opened + 2, ended)
        await one.leave()
        assert told() == (opened + 1, ended + 1)
        await other.leave()
        assert told() == (opened, ended + 2)

    live(story)
