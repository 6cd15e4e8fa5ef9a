"""Scores and verdicts, how addresses are written, and settings that cannot be."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from apps.risk import normal
from apps.risk.checks import weights_fit
from apps.risk.rules import RULES, Verdict, score_of, verdict_of

rules = st.lists(st.sampled_from(sorted(RULES)), max_size=8)
weights = st.fixed_dictionaries({code: st.integers(0, 99) for code in RULES})


def verdict(*fired: str, **changed: int) -> Verdict:
    return verdict_of(fired, settings.RISK["weights"] | changed, review_at=50, refuse_at=90)


@given(rules, weights, st.sampled_from(sorted(RULES)))
def test_another_sign_never_makes_it_better(fired, given_weights, more):
    score = score_of(fired, given_weights)
    assert 0 <= score <= score_of([*fired, more], given_weights) <= 100


@given(rules, weights)
def test_neither_order_nor_repetition_counts(fired, given_weights):
    assert score_of(fired, given_weights) == score_of([*reversed(fired), *fired], given_weights)


@given(rules, weights, st.integers(1, 98), st.integers(2, 100))
def test_one_family_alone_is_never_refused(fired, given_weights, review_at, refuse_at):
    family = [code for code in fired if RULES[code].family == "home"]
    assert verdict_of(family, given_weights, review_at=review_at, refuse_at=refuse_at) != Verdict.REFUSE


def test_a_weak_sign_passes_and_together_they_wait():
    assert verdict() == verdict("same-network") == verdict("same-household") == verdict("same-address") == Verdict.PASS
    assert verdict("same-address", "same-household") == Verdict.PASS  # one family: the address is both
    assert verdict("same-address", "same-network") == Verdict.REVIEW
    assert verdict("photo-of-another") == Verdict.REVIEW


def test_the_bounds_are_the_first_that_count():
    at = {"same-card": 50, "same-bank": 80}
    assert score_of(["same-card"], settings.RISK["weights"] | at) == 50
    assert verdict("same-card", **{"same-card": 49}) == Verdict.PASS
    assert verdict("same-card", **{"same-card": 50}) == Verdict.REVIEW
    assert verdict("same-card", "same-bank", **at) == Verdict.REFUSE  # 1 - 0.5 * 0.2 is 0.9
    assert verdict("same-card", "same-bank", **at | {"same-bank": 79}) == Verdict.REVIEW


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("12 Main Street, Apt. 4", "", "12345"), ("12 main st #4", "", "12345-6789")),
        (("12 Main St", "Unit 4", "12345"), ("12 MAIN STREET", "# 4", "12345")),
        (("Hauptstraße 5", "", "10115"), ("Hauptstr. 5", "", "10115")),
        (("5 Rue de l'Église", "", "75001"), ("5 rue de l’Eglise", "", "75001")),
    ],
)
def test_an_address_is_the_same_however_it_is_written(one, other):
    country = {"Hauptstraße 5": "DE", "5 Rue de l'Église": "FR"}.get(one[0], "US")
    read = [
        normal.address({"line1": line1, "line2": line2, "postal_code": code, "country": country})
        for line1, line2, code in (one, other)
    ]
    assert read[0] == read[1] != ""


def test_other_doors_and_towns_are_other_addresses():
    def at(line1: str, code: str = "12345") -> str:
        return normal.address({"line1": line1, "postal_code": code, "country": "US"})

    assert len({at("12 Main St #4"), at("12 Main St #5"), at("1 Main St"), at("12 Main St #4", "54321")}) == 4
    assert at("") == ""


def test_a_household_is_a_family_name_at_a_postcode():
    home = {"postal_code": "12345", "country": "US"}
    assert normal.household(home | {"name": "Ada Byron"}) == normal.household(home | {"name": "George G. BYRON"})
    assert normal.household(home | {"name": "Ada"}) == ""


def test_networks_are_of_the_open_net():
    assert normal.network("8.8.8.8") == normal.network("8.8.8.200") == normal.network("::ffff:8.8.8.1") != ""
    assert normal.network("8.8.9.8") != normal.network("8.8.8.8")
    assert normal.network("2606:4700:1:2::1") == normal.network("2606:4700:1:9::7")
    assert normal.network("127.0.0.1") == normal.network("10.1.2.3") == normal.network("nonsense") == ""


def test_what_is_kept_cannot_be_read_and_depends_on_its_kind(settings):
    kept = normal.digest("card", "abc")
    assert kept != normal.digest("bank", "abc")
    settings.SECRET_KEY = "another-installation" * 4
    assert kept != normal.digest("card", "abc")


def test_settings_that_cannot_be_stop_the_start(settings):
    good = settings.RISK
    assert weights_fit() == []
    for wrong in (
        {"weights": {"same-card": 10}},
        {"weights": good["weights"] | {"same-card": 100}},
        {"review_at": 90},
    ):
        settings.RISK = good | wrong
        assert len(weights_fit()) == 1


def test_the_document_has_the_rules_as_they_are():
    call_command("draw_risk", check=True)
