"""What lines of text mean: hit points in a corner, who acts in the rules."""

import pytest

from ml.lines import hit_points, interpreted, subjects
from ml.types import Line

CORNER = (0.75, 0.03, 0.92, 0.07)


@pytest.mark.parametrize(
    ("text", "box", "value"),
    [
        ("HP 60", CORNER, "60"),
        ("60HP", CORNER, "60"),
        ("PV 120", CORNER, "120"),
        ("190", CORNER, "190"),
        ("-220", CORNER, "220"),
        ("133", CORNER, ""),
        ("190", (0.1, 0.03, 0.2, 0.07), ""),
        ("190", (0.75, 0.9, 0.92, 0.94), ""),
    ],
)
def test_hit_points_stand_in_the_upper_right_corner(text, box, value):
    assert hit_points([Line(text, 0.95, box)]) == value


def test_hit_points_belong_to_pokemon():
    lines = [
        Line("190", 0.95, CORNER),
        Line("weakness", 0.9, (0.1, 0.8, 0.3, 0.83)),
        Line("retreat", 0.9, (0.6, 0.8, 0.7, 0.83)),
    ]
    assert interpreted(lines, game="pokemon").hp == "190"
    assert interpreted(lines, game="mtg").hp == ""


@pytest.mark.parametrize(
    ("body", "subject"),
    [
        (["Lightning Bolt does 3", "damage to one target."], "Lightning Bolt"),
        (["Shatter destroys", "target artifact."], "Shatter"),
        (["Flying", "When Burning Sun's Avatar enters", "the battlefield, it deals"], "Burning Sun's Avatar"),
    ],
)
def test_a_card_acts_by_its_name(body, subject):
    assert subject in subjects(body)


def test_nobody_in_particular_is_no_subject():
    assert subjects(["Target creature gets +2/+2", "until end of turn. It is green."]) == ()
