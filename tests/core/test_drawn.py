"""Components that are kept for a minute: what is alike is drawn once, what looks different never stands in for it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.template import engines
from django.urls import NoReverseMatch
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from apps.core.templatetags import drawn


@pytest.fixture(autouse=True)
def nothing_is_kept():
    drawn.forget()
    yield
    drawn.forget()


def draw(source, **context):
    return engines["django"].from_string(source).render(context).strip()


BADGE = '{% include "components/badge.html" with label=label only %}'


def test_the_same_again_is_not_drawn_again():
    first = draw(BADGE, label="New")
    assert draw(BADGE, label="New") == first
    assert len(drawn._drawings) == 1


@pytest.mark.parametrize("equal", [(1, True, 1.0, Decimal(1)), (Decimal("2.50"), Decimal("2.5")), (0, False)])
def test_equal_numbers_that_look_different_are_told_apart(equal):
    for _ in range(2):
        for value in equal:
            assert f">{value}<" in draw(BADGE, label=value)


def test_text_that_is_to_be_escaped_never_comes_out_as_the_safe_one():
    for _ in range(2):
        assert "<b>" in draw(BADGE, label=mark_safe("<b>"))
        assert "&lt;b&gt;" in draw(BADGE, label="<b>")
        assert "<b>" in draw("{% autoescape off %}" + BADGE + "{% endautoescape %}", label="<b>")


def test_words_that_are_translated_late_are_kept_as_they_are_read():
    assert ">Members<" in draw(BADGE, label=gettext_lazy("Members"))
    assert len(drawn._drawings) == 1


def test_how_long_ago_something_was_is_never_kept():
    at = datetime.now(UTC) - timedelta(hours=2)
    assert "2" in draw('{% include "components/local_time.html" with at=at style="relative" only %}', at=at)
    assert not drawn._drawings


def test_what_is_more_than_a_value_is_drawn_each_time():
    class Named:
        def __str__(self):
            return "somebody"

    assert ">somebody<" in draw(BADGE, label=Named())
    assert not drawn._drawings


def test_a_component_finds_nothing_of_the_page_in_names_that_it_was_not_given():
    button = '{% include "components/button.html" with label="Go" only %}'
    assert draw(button, value="secret", disabled=True) == draw(button)
    assert "value=" not in draw(button)


def test_drawings_are_dropped_when_there_are_many_and_when_they_are_old(monkeypatch):
    monkeypatch.setattr(drawn, "MOST", 3)
    for number in range(10):
        draw(BADGE, label=f"{number}")
    assert len(drawn._drawings) <= 3
    monkeypatch.setattr(drawn, "SECONDS", -1.0)
    draw(BADGE, label="new")
    assert len(drawn._drawings) == 1


def test_the_address_of_a_named_page_and_of_one_that_is_not_there():
    for _ in range(2):
        assert draw("{% url 'cart' %}") == "/cart/"
        assert draw("{% url 'cart' as here %}[{{ here }}]") == "[/cart/]"
        assert draw("{% url 'no-such-page' as here %}[{{ here }}]") == "[]"
        with pytest.raises(NoReverseMatch, match="no-such-page"):
            draw("{% url 'no-such-page' %}")
    assert draw("{% url 'admin:index' %}") == "/admin/"
