"""The design system: figures as readers see them, drawings, and rules that hold for every template of ours."""

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.core.paginator import Paginator
from django.template.loader import get_template, render_to_string
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apps.core.money import Money
from apps.core.templatetags import components as tags

TEMPLATES = Path(settings.BASE_DIR) / "templates"
# The moderators' pages wear the admin's own classes; e-mails carry their styles because mail programs need that.
OURS = [
    path
    for path in sorted(TEMPLATES.rglob("*.html"))
    if not {"moderation", "email", "admin"} & set(path.relative_to(TEMPLATES).parts)
]


def source(path: Path) -> str:
    return re.sub(r"{%\s*comment.*?endcomment\s*%}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


class TestFigures:
    def test_a_price_comes_from_whichever_form_the_page_has(self):
        shown = [
            tags.figure(money=Money(1299)),
            tags.figure(minor=1299),
            tags.figure(amount=Decimal("12.99")),
            tags.figure(amount="12.99", currency="USD"),
        ]
        assert {(each.text, each.value, each.currency) for each in shown} == {("$12.99", "12.99", "USD")}

    def test_no_price_is_not_a_price_of_nothing(self):
        assert tags.figure() is None
        assert tags.figure(minor=0).text == "$0.00"

    @pytest.mark.parametrize(
        ("percent", "direction", "words"),
        [("4.2", "up", "+4.2 %"), ("-2.64", "down", "−2.6 %"), ("0.04", "flat", "unchanged"), ("250", "up", "+250 %")],
    )
    def test_a_change_carries_its_sign(self, percent, direction, words):
        assert (tags.change_of(percent).direction, tags.change_of(percent).text) == (direction, words)

    def test_a_change_that_is_not_known_is_not_shown(self):
        assert tags.change_of(None) is None
        assert text(render_to_string("components/change.html", {"percent": None})) == ""

    @pytest.mark.parametrize(("confidence", "word"), [(0.9, "high"), (0.5, "medium"), (0.1, "low"), (None, "unknown")])
    def test_confidence_has_a_word(self, confidence, word):
        assert tags.confidence_word(confidence) == word

    @pytest.mark.parametrize(("name", "letters"), [("Mira Okafor", "MO"), ("tcg-newt", "TN"), ("x", "X"), ("", "?")])
    def test_initials(self, name, letters):
        assert tags.initials(name) == letters

    @pytest.mark.parametrize(("hours", "word"), [(-1, "passed"), (2, "soon"), (48, "later")])
    def test_urgency(self, hours, word):
        assert tags.urgency(timezone.now() + timedelta(hours=hours)) == word

    def test_pages_around_the_readers_own(self):
        page = Paginator(range(1200), 24).page(25)
        assert tags.pages_around(page) == [1, "…", 23, 24, 25, 26, 27, "…", 50]


class TestDrawings:
    @given(st.lists(st.none() | st.floats(0.01, 1e6), max_size=60))
    def test_a_sparkline_stays_in_its_box(self, values):
        line = tags.sparkline_of(values)
        if sum(value is not None for value in values) < 2:
            assert line is None
            return
        points = [tuple(map(float, point.split())) for point in line.path.removeprefix("M").split(" L")]
        assert all(0 <= x <= 100 and 0 <= y <= 24 for x, y in points)

    @given(st.lists(st.decimals(0, 10_000, places=2), min_size=3, max_size=3).map(sorted))
    def test_an_interval_keeps_its_order_on_the_bar(self, ends):
        marks = tags.interval_of(*ends)
        assert 0 < marks.start <= marks.value <= marks.start + marks.width + 0.02 < 100.1

    def test_an_interval_that_contradicts_itself_is_not_drawn(self):
        assert tags.interval_of(5, 4, 6) is None
        assert tags.interval_of("", 4, 6) is None


class TestPrice:
    def test_money_names_its_currency(self):
        assert text(render_to_string("components/price.html", {"minor": 1299})) == "$12.99 USD"
        assert text(render_to_string("components/price.html", {"minor": 1299, "currency": "CHF"})) == "12.99 CHF"

    def test_an_estimate_and_an_old_price_say_so(self):
        words = text(render_to_string("components/price.html", {"minor": 500, "estimate": True, "stale": True}))
        assert "estimate from asks" in words
        assert "old price" in words

    def test_a_value_that_is_not_known_says_so(self):
        assert "Not known yet" in text(render_to_string("components/price_block.html", {"condition": "NM"}))

    def test_a_value_shows_interval_sample_and_date(self):
        block = {"amount": "64", "low": "58.5", "high": "71.25", "confidence": 0.8, "sample_size": 1}
        words = text(
            render_to_string("components/price_block.html", {**block, "as_of": timezone.now(), "condition": "NM"})
        )
        for part in ("$64.00", "$58.50", "$71.25", "High confidence, 80 %", "1 sale", "as of", "NM"):
            assert part in words


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(TEMPLATES)))
class TestEveryTemplate:
    def test_compiles(self, path):
        get_template(str(path.relative_to(TEMPLATES)))

    def test_has_no_inline_style_or_script(self, path):
        markup = re.sub(r"{%.*?%}|{{.*?}}", "", source(path), flags=re.DOTALL)
        assert not re.findall(r"\sstyle\s*=|<style|\son[a-z]+\s*=\s*[\"']", markup)
        assert not re.findall(r"<script(?![^>]*(?:src=|application/json))", markup)

    def test_names_only_icons_that_exist(self, path):
        sprite = (Path(settings.BASE_DIR) / "static/icons/sprite.svg").read_text(encoding="utf-8")
        known = set(re.findall(r'symbol id="([^"]+)"', sprite))
        named = set(re.findall(r'components/icon\.html" with name="([^"]+)"', source(path)))
        assert named <= known


def test_the_components_document_lists_every_component():
    document = (TEMPLATES / "components" / "README.md").read_text(encoding="utf-8")
    components = {path.name for path in (TEMPLATES / "components").glob("*.html")}
    assert components == set(re.findall(r"^\| `(\w+\.html)`", document, flags=re.MULTILINE))


def test_no_stylesheet_shouts():
    ours = [path for path in (Path(settings.BASE_DIR) / "static/css").rglob("*.css")]
    assert [path.name for path in ours if "!important" in path.read_text(encoding="utf-8")] == []
    # admin.css stands beside the admin theme's own sheets, which have no layers of ours.
    layered = [path for path in ours if path.name != "admin.css"]
    assert [path.name for path in layered if "@layer" not in path.read_text(encoding="utf-8")] == []


def test_the_foot_of_every_page_says_whom_to_write_to(client, db, settings):
    settings.SUPPORT_EMAIL = "desk@shop.example"
    assert 'href="mailto:desk@shop.example"' in client.get("/").content.decode()


def test_a_navigation_marks_where_the_reader_is(rf):
    for path, mark in (("/trades/", "page"), ("/trades/7/", "true"), ("/swaps/7/", "true"), ("/swap", ""), ("/", "")):
        shown = tags.current({"request": rf.get(path)}, "/trades/", "/swaps/")
        assert shown == (f'aria-current="{mark}"' if mark else ""), path
    assert tags.current({"request": rf.get("/search/")}, "/") == ""
    assert tags.current({"request": rf.get("/search/")}, "/trades/", None) == ""
