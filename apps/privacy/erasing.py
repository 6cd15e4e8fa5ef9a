"""Forgetting a member: what stands in the way, and what becomes of every row. The ledger stays, under a pseudonym.

Who the pseudonym was cannot be told afterwards: name, e-mail address, password, addresses and everything that was the
member's alone are gone; agreements with others and the books keep the account's id, which then leads to nobody.
"""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.db.models import Q

from apps.accounts.models import User
from apps.core import images
from apps.core.money import Money
from apps.escrow.ledger import chart
from apps.escrow.models import Hold, HoldState, LedgerAccount
from apps.listings import actions as listings
from apps.listings.models import Listing
from apps.listings.offers import actions as offers
from apps.listings.offers.models import Offer
from apps.privacy.holdings import HOLDINGS, Fate, Holding

_OVER = [HoldState.RELEASED, HoldState.REFUNDED, HoldState.SPLIT, HoldState.CANCELLED]
_OWED = {
    chart.available_account: "{money} of proceeds has not reached your bank yet.",
    chart.held_account: "{money} that you left as security is still held.",
    chart.refunds_account: "{money} is on its way back to you.",
}


def obstacles(member: User) -> list[str]:
    """Why the account cannot be erased now, in sentences for its owner; none when nothing stands in the way."""
    told = []
    mine = Q(payer=member) | Q(payee=member)
    if count := Hold.objects.filter(mine).exclude(state__in=_OVER).count():
        told.append(f"{count} of your sales, purchases or swaps {'is' if count == 1 else 'are'} not finished yet.")
    kinds = {code_of(member.pk): text for code_of, text in _OWED.items()}
    debt = chart.receivable_account(member.pk)
    for account in (
        LedgerAccount.objects.filter(code__in=[*kinds, debt]).exclude(balance=0).order_by("code", "currency")
    ):
        money = Money(abs(account.balance), account.currency)
        told.append(f"You owe us {money}." if account.code == debt else kinds[account.code].format(money=money))
    return told


def withdraw_offers(member: User) -> None:
    """End what the member offers, so that nobody agrees to it meanwhile: listings and open offers of theirs."""
    active = [Listing.State.ACTIVE, Listing.State.PAUSED, Listing.State.AWAY]
    for listing in Listing.objects.filter(seller=member, state__in=active):
        listings.withdraw(listing=listing, by=member)
    for offer in Offer.objects.filter(author=member, state=Offer.State.OPEN):
        offers.withdraw(offer=offer, by=member)


def forget(member: User) -> dict[str, int]:
    """Carry out every line of HOLDINGS and take the account's own fields away; rows by fate.

    In the caller's transaction, after `obstacles` has none. Stored files go when it commits.
    """
    counts = {fate.value: 0 for fate in Fate}
    for holding in HOLDINGS:
        rows = holding.rows(member.pk)
        if holding.fate is Fate.DELETE:
            _drop_files(holding, member)
            count = holding.model._base_manager.filter(pk__in=rows.values("pk")).delete()[0]
        elif holding.fate is Fate.BLANK:
            count = _blank(holding, member)
        else:
            count = rows.count()
        counts[holding.fate.value] += count
    member.email, member.display_name = f"{member.pk}@erased.invalid", ""
    member.first_name = member.last_name = member.about = ""
    member.is_active = False
    member.set_unusable_password()
    member.save()
    return counts


def _blank(holding: Holding, member: User) -> int:
    count = 0
    for column, value in holding.blank.items():
        path = holding.own.get(column)
        rows = holding.model._base_manager.filter(**{path: member.pk}) if path else holding.rows(member.pk)
        count += holding.model._base_manager.filter(pk__in=rows.values("pk")).update(**{column: value})
    return count


def _drop_files(holding: Holding, member: User) -> None:
    for column in holding.files:
        for name in holding.rows(member.pk).values_list(column, flat=True):
            if name:
                transaction.on_commit(partial(images.remove, name))
