"""What the two do in a case, for the state machine of sales: offers, a moderator, an appeal, parcels that go first."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from apps.escrow import actions
from apps.escrow.cases.models import CaseOffer, Remedy
from apps.escrow.models import Dispute

WHICH = st.integers(0, 2)
WHO = st.sampled_from(["buyer", "seller", "buyer", "seller", "moderator", "stranger"])


class CaseRules:
    """Rules to mix into a machine that has sale(which), actor(sale, who), attempt(act, ...) and now."""

    def cases_of(self, which):
        """The cases of a sale, open or over."""
        return list(Dispute.objects.filter(hold=self.sale(which).hold))

    @rule(which=WHICH, who=WHO, remedy=st.sampled_from(Remedy.values), part=st.integers(-5, 1200))
    def offer_to_settle(self, which, who, remedy, part):
        by = self.actor(self.sale(which), who)
        for case in self.cases_of(which):
            self.attempt(actions.offer, dispute=case, by=by, remedy=remedy, refund_minor=part, now=self.now)

    @rule(which=WHICH, who=WHO, what=st.sampled_from(["accept_offer", "accept_offer", "decline_offer"]))
    def answer_an_offer(self, which, who, what):
        by = self.actor(self.sale(which), who)
        for offer in CaseOffer.objects.filter(dispute__in=self.cases_of(which)).order_by("-created_at")[:2]:
            self.attempt(getattr(actions, what), offer=offer, by=by, now=self.now)

    @rule(which=WHICH, who=WHO, what=st.sampled_from(["ask_moderator", "accept_ruling", "receive_parcel"]))
    def say_so(self, which, who, what):
        for case in self.cases_of(which):
            self.attempt(getattr(actions, what), dispute=case, by=self.actor(self.sale(which), who), now=self.now)

    @rule(which=WHICH, who=WHO, what=st.sampled_from(["appeal", "contest_parcel"]))
    def disagree(self, which, who, what):
        by = self.actor(self.sale(which), who)
        for case in self.cases_of(which):
            self.attempt(getattr(actions, what), dispute=case, by=by, statement="No.", now=self.now)

    @rule(which=WHICH, who=WHO)
    def send_what_goes_first(self, which, who):
        by = self.actor(self.sale(which), who)
        for case in self.cases_of(which):
            self.attempt(actions.send_parcel, dispute=case, by=by, tracking_number="1Z", now=self.now)

    @rule(which=WHICH, part=st.integers(-5, 1200))
    def a_moderator_has_it_returned(self, which, part):
        for case in self.cases_of(which):
            self.attempt(
                actions.decide_dispute, dispute=case, by=self.moderator, outcome="return", decision="First back.",
                refund_minor=part, now=self.now,
            )  # fmt: skip
