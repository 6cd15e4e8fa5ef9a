"""The registry: every kind has its words, its source and its row in the documentation."""

from __future__ import annotations

import pytest
from django.conf import settings

from apps.notifications.kinds import AREAS, KINDS, MATRIX, Level
from apps.notifications.sources import SOURCES
from apps.notifications.words import in_words

DOCUMENT = (settings.BASE_DIR / "docs/notifications.md").read_text()


@pytest.mark.parametrize("key", KINDS)
def test_every_kind_has_words_with_a_title_and_a_way_on(key):
    words = in_words(KINDS[key], {"words": "Something happened.", "goods": "Ember Drake"})
    assert words.title
    assert words.action
    assert "{{" not in words.title + words.body


def test_every_template_is_of_a_kind():
    folder = settings.BASE_DIR / "templates/notifications/types"
    assert {path.stem for path in folder.glob("*.txt")} == set(KINDS)


def test_every_topic_of_a_kind_has_a_source():
    named = {topic.strip() for kind in KINDS.values() for topic in kind.topic.split(",") if topic}
    assert named == set(SOURCES)


def test_what_is_required_is_about_the_account_or_money_and_comes_by_mail():
    for kind in KINDS.values():
        assert not kind.required or kind.default_email.value != "off"


def test_the_matrix_grows_with_impact_and_with_urgency():
    order = ["low", "medium", "high", "critical"]
    for (impact, urgency), priority in MATRIX.items():
        for more in ((impact + 1, urgency), (impact, urgency + 1)):
            if max(more) <= Level.HIGH:
                assert order.index(MATRIX[Level(more[0]), Level(more[1])]) >= order.index(priority)


def test_the_documentation_has_every_kind_and_the_matrix_as_they_are():
    for kind in KINDS.values():
        assert kind.area in AREAS
        row = (
            f"| `{kind.key}` | {kind.label} | {kind.priority.value} | {kind.default_email.value} |"
            f" {'yes' if kind.default_push else ''} | {'yes' if kind.required else ''} |"
        )
        assert row in DOCUMENT
    for impact in Level:
        cells = " | ".join(MATRIX[impact, urgency].value for urgency in Level)
        assert f"| {impact.name.lower()} | {cells} |" in DOCUMENT
