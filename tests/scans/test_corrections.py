"""What members confirmed goes out as training data: cards alone, members' alone, where the operator allows it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from PIL import Image

from apps.accounts.consent import actions as consent
from apps.accounts.consent.models import Where
from apps.scans import actions, comparison
from apps.scans.comparison import Outcome
from apps.scans.models import DetectedCard
from ml.train.corrections import Correction, Printing, corrections, to_train_on
from tests.factories import make_product, make_user, make_variant
from tests.scans.conftest import cards_of, make_scan

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def allowed(settings, member):
    settings.TRAIN_ON_CORRECTIONS = True
    consent.answer(member=member, answers={"photos": True}, where=Where.SETTINGS)


@pytest.fixture
def drakes(member):
    """Four printings; a scan of five cards that proposes the first two."""
    variants = [make_variant(make_product(f"Drake {n}", number=str(n), code="emb1")) for n in range(1, 5)]
    scan = make_scan(member, cards=5, variants=variants[:2])
    scan.engine_versions = {"embed": "embed-1", "read": "r-1"}
    scan.save()
    return scan, variants


def exported(folder, capsys=None) -> list[Correction]:
    call_command("export_corrections", to=folder)
    return list(corrections(folder))


def printing(variant) -> Printing:
    return Printing("pokemon", "emb1", variant.product.number, variant.product.name, "en")


def test_what_was_confirmed_corrected_and_refused_is_read_back_by_training(drakes, member, tmp_path):
    scan, variants = drakes
    agreed, corrected, refused, dismissed, _left_open = cards_of(scan)
    actions.choose(card=corrected, by=member, variant=variants[2])
    actions.choose(card=refused, by=member, none_of_these=True)
    actions.choose(card=dismissed, by=member, dismissed=True)
    actions.confirm(scan=scan, by=member, cards=[agreed.pk, corrected.pk])

    first, second, third = exported(tmp_path)
    assert (first.proposed, first.chosen, first.is_disputed) == (printing(variants[0]), printing(variants[0]), False)
    assert (second.proposed, second.chosen, second.is_disputed) == (printing(variants[0]), printing(variants[2]), True)
    assert (third.proposed, third.chosen, third.is_disputed) == (printing(variants[0]), None, True)
    assert first.versions == {"embed": "embed-1", "read": "r-1"}
    assert first.quad.tolist()[0] == [20.0, 20.0]
    assert first.picture().shape == (84, 60, 3)
    assert [each.chosen for each in to_train_on(tmp_path)] == [printing(variants[0]), printing(variants[2])]
    assert first.scan().set_code == "emb1"


def test_the_versions_that_looked_at_the_photo_count_and_not_the_last_of_the_scan(drakes, member, tmp_path):
    scan, _ = drakes
    scan.photos.update(engine_versions={"embed": "embed-2"})
    actions.confirm(scan=scan, by=member)
    assert {each.versions["embed"] for each in exported(tmp_path)} == {"embed-2"}


def test_cards_that_are_held_out_for_measuring_are_not_trained_on(member, tmp_path):
    known = make_variant(make_product("Moon Drake", number="7", code="emb1"))
    held = make_variant(make_product("Pirate", number="8", code="OP05"))
    for variant in (known, held):
        scan = make_scan(member, variants=[variant])
        actions.confirm(scan=scan, by=member)
    exported(tmp_path)
    assert [each.chosen.name for each in to_train_on(tmp_path)] == ["Moon Drake"]
    assert to_train_on(tmp_path, held_out_names=frozenset({"moon drake"})) == []


def test_without_the_operators_word_nothing_goes_out(drakes, tmp_path, settings):
    settings.TRAIN_ON_CORRECTIONS = False
    with pytest.raises(CommandError, match="TRAIN_ON_CORRECTIONS is off"):
        call_command("export_corrections", to=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_visitors_and_closed_accounts_are_left_out(tmp_path):
    closed = make_user(is_active=False)
    for scan in (make_scan(visitor_token="a" * 20), make_scan(closed)):
        DetectedCard.objects.filter(photo__scan=scan).update(state="confirmed")
    assert exported(tmp_path) == []


def test_only_photos_of_members_who_agreed_go_out_and_whoever_takes_it_back_is_gone_from_the_next(member, tmp_path):
    for owner in (member, make_user()):
        actions.confirm(scan=make_scan(owner, variants=[make_variant()]), by=owner)
    assert len(exported(tmp_path)) == 1
    consent.answer(member=member, answers={"photos": False}, where=Where.SETTINGS)
    assert exported(tmp_path) == []
    assert not list((tmp_path / "cards").iterdir())


def test_nothing_but_the_cards_pixels_goes_out(drakes, member, tmp_path):
    scan, folder = drakes[0], tmp_path / "out"
    card = cards_of(scan)[0]
    with default_storage.open(card.crop, "rb") as file:
        stored = Image.open(file).convert("RGB")
    tags = Image.Exif()
    tags[0x8298] = "somebody's name"
    path = default_storage.path(card.crop)
    stored.save(path, "JPEG", exif=tags, comment=b"at home")
    actions.confirm(scan=scan, by=member, cards=[card.pk])
    (found,) = exported(folder)
    with Image.open(found.path) as picture:
        assert not picture.getexif()
        assert "comment" not in picture.info
        assert picture.size == (60, 84)
    content = found.path.read_bytes() + (folder / "corrections.jsonl").read_bytes()
    assert b"somebody" not in content
    for private in (member.email, str(member.pk), str(scan.pk), "photo 1.jpg"):
        assert private.encode() not in content
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == [
        f"{card.pk}.jpg",
        "corrections.jsonl",
    ]


def test_an_export_holds_what_may_be_used_now_and_leaves_its_pictures_alone(drakes, member, tmp_path, capsys):
    scan, _ = drakes
    actions.confirm(scan=scan, by=member)
    before = {each.path: each.path.stat().st_mtime_ns for each in exported(tmp_path)}
    gone, *_ = cards_of(scan)
    gone.delete()
    after = exported(tmp_path)
    assert len(after) == len(before) - 1 == 4
    assert all(each.path.stat().st_mtime_ns == before[each.path] for each in after)
    assert not (tmp_path / "cards" / f"{gone.pk}.jpg").exists()
    assert "1 of an earlier export removed" in capsys.readouterr().out


def test_a_card_whose_picture_storage_has_lost_is_left_out(drakes, member, tmp_path, capsys):
    scan, _ = drakes
    actions.confirm(scan=scan, by=member)
    default_storage.delete(cards_of(scan)[0].crop)
    assert len(exported(tmp_path)) == 4
    assert "1 without a picture left out" in capsys.readouterr().out


def test_an_export_takes_a_fixed_number_of_queries(member, tmp_path, django_assert_num_queries):
    for _ in range(6):
        actions.confirm(scan=make_scan(member, cards=3), by=member)
    with django_assert_num_queries(2):
        call_command("export_corrections", to=tmp_path)


class TestReading:
    """What is broken is said with its line."""

    def test_where_there_is_no_export_there_is_nothing(self, tmp_path):
        assert list(corrections(tmp_path)) == []

    @pytest.mark.parametrize(
        "line",
        [
            "{",
            "{}",
            "[]",
            json.dumps({"file": "../../secret.jpg", "quad": [[0, 0]] * 4, "proposed": None, "chosen": None,
                        "decided": True, "engine_versions": {}}),
            json.dumps({"file": "a.jpg", "quad": [[0, 0]], "proposed": None, "chosen": None, "decided": True,
                        "engine_versions": {}}),
        ],
    )  # fmt: skip
    def test_a_broken_line_is_named(self, tmp_path, line):
        (tmp_path / "corrections.jsonl").write_text(f"{line}\n")
        with pytest.raises(ValueError, match="line 1, is not a correction"):
            list(corrections(tmp_path))

    def test_a_picture_that_is_gone_and_a_card_without_truth_are_said(self, tmp_path):
        lost = Correction(tmp_path / "a.jpg", np.zeros((4, 2), np.float32), None, None, False, {})
        with pytest.raises(ValueError, match="not a picture"):
            lost.picture()
        with pytest.raises(ValueError, match="Nobody knows"):
            lost.scan()


class TestComparison:
    """Versions are told apart by what members made of their answers."""

    def test_confirmed_corrected_and_refused_cards_count_and_others_do_not(self, drakes, member):
        scan, variants = drakes
        agreed, corrected, refused, dismissed, _left_open = cards_of(scan)
        actions.choose(card=corrected, by=member, variant=variants[2])
        actions.choose(card=refused, by=member, none_of_these=True)
        actions.choose(card=dismissed, by=member, dismissed=True)
        actions.confirm(scan=scan, by=member, cards=[agreed.pk, corrected.pk])
        found = comparison.outcomes()
        assert found["embed", "embed-1"] == Outcome(cards=3, right=1, sure=3, sure_wrong=2)
        assert found["read", "r-1"] == found["embed", "embed-1"]

    def test_another_finish_of_the_same_printing_is_no_error(self, drakes, member):
        scan, variants = drakes
        card = cards_of(scan)[0]
        actions.choose(card=card, by=member, variant=make_variant(variants[0].product, finish="holofoil"))
        actions.confirm(scan=scan, by=member, cards=[card.pk])
        assert comparison.outcomes()["embed", "embed-1"].right == 1

    def test_what_was_not_sure_is_no_wrong_decision(self, member):
        first, second = make_variant(), make_variant()
        scan = make_scan(member, variants=[first, second], decided=False)
        scan.photos.update(engine_versions={"embed": "embed-3"})
        (card,) = cards_of(scan)
        actions.choose(card=card, by=member, variant=second)
        actions.confirm(scan=scan, by=member)
        assert comparison.outcomes()["embed", "embed-3"] == Outcome(cards=1, right=0, sure=0, sure_wrong=0)

    def test_only_scans_since_the_trial_began_are_compared_where_asked(self, drakes, member):
        scan, _ = drakes
        actions.confirm(scan=scan, by=member)
        assert comparison.outcomes(since=scan.created_at)
        assert comparison.outcomes(since=scan.created_at.replace(year=scan.created_at.year + 1)) == {}

    def test_a_difference_is_named_where_the_cards_tell_it(self):
        worse, better = Outcome(cards=200, right=140), Outcome(cards=200, right=180)
        assert better.against(worse) == "better"
        assert worse.against(better) == "worse"
        assert Outcome(cards=10, right=9).against(Outcome(cards=10, right=7)) == "not told apart yet"
        assert Outcome().against(better) == "not told apart yet"
