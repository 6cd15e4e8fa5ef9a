"""The trail, the ledger and the clock in words; what has none yet is still readable."""

from apps.escrow import ledger
from apps.escrow.states import HoldEvent
from apps.moderation.templatetags import moderation


def test_every_event_of_a_hold_has_its_words():
    assert [event for event in HoldEvent if f"hold.{event}" not in moderation._DONE] == []


def test_unknown_actions_and_postings_are_still_readable():
    assert moderation.told("settlement.retry") == "Settlement retry"
    assert moderation.posting("bank-fee") == "Bank fee"
    assert moderation.clock("something") == "something"


def test_accounts_are_named_by_whose_money_they_hold():
    assert moderation.account(ledger.FEES) == "Our fees"
    assert moderation.account("hold:1") == "Held for this sale"
    assert moderation.account("member:1:available") == "The seller’s proceeds"
    assert moderation.account("member:1:refunds") == "The buyer’s refunds"
    assert moderation.account("platform:unheard-of") == "platform:unheard-of"
