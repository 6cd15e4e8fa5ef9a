"""The design system as readers meet it: both themes, desk and phone, with and without script."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import assert_accessible, assert_fits

DOORS = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", ["desktop", "phone"])
def test_every_component_is_accessible(open_page, viewport, theme):
    page = open_page(viewport=viewport, theme=theme)
    page.goto("/design/")
    page.locator("figure[data-chart]").scroll_into_view_if_needed()
    expect(page.locator("figure[data-chart-ready]")).to_be_attached()
    page.evaluate("() => document.querySelectorAll('details:not([data-menu])').forEach(each => { each.open = true; })")
    assert_accessible(page)


@pytest.mark.parametrize("path", DOORS)
def test_account_pages_are_accessible(open_page, path):
    page = open_page(viewport="phone", theme="dark")
    page.goto(path)
    expect(page.locator("h1")).to_be_visible()
    assert_accessible(page)


def test_a_missing_page_says_what_to_do_next(open_page):
    page = open_page(allow=["status of 404"])
    answer = page.goto("/no/such/page/")
    assert answer.status == 404
    expect(page.locator("h1")).to_have_text("There is nothing here")
    expect(page.get_by_role("link", name="Search the catalogue")).to_be_visible()
    assert_accessible(page)


@pytest.mark.parametrize("viewport", ["desktop", "phone"])
def test_nothing_to_press_is_smaller_than_24_pixels(open_page, viewport):
    page = open_page(viewport=viewport)
    assert page.goto("/design/").ok
    # WCAG 2.5.8: links inside a line of text are excused, and the tile's link covers its whole tile.
    small = page.evaluate(
        """excused => [...document.querySelectorAll("a, button, summary, select, input:not([type=hidden])")]
          .filter(each => each.checkVisibility() && !each.closest(excused))
          .map(each => [each.outerHTML.slice(0, 90), each.getBoundingClientRect()])
          .filter(([, box]) => box.width && (box.width < 24 || box.height < 24))
          .map(([html, box]) => `${html} ${box.width} x ${box.height}`)""",
        "p, label, .tile, .standing, .product-line, .skip-link",
    )
    assert small == []


def test_the_chosen_theme_is_kept_and_drawn_by_the_server(open_page):
    page = open_page(theme="light")
    page.goto("/design/")
    page.locator("footer").get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    html = page.request.get("/design/").text()
    assert 'data-theme="dark"' in html


def test_the_page_reads_without_script(open_page):
    page = open_page(javascript=False, viewport="phone")
    page.goto("/design/")
    expect(page.get_by_text("Ember Warden").first).to_be_visible()
    expect(page.get_by_text(re.compile(r"as of \d+ \w+ \d{4}")).first).to_be_visible()
    expect(page.locator("#photos")).to_be_visible()
    page.get_by_text("The figures as a table").click()
    expect(page.get_by_role("cell", name="24 Oct 2026").first).to_be_visible()
    # A question opens as the link's target.
    page.get_by_role("link", name="Open a question").click()
    expect(page.get_by_text("This cannot be taken back.")).to_be_visible()
    assert_fits(page)


def test_a_question_can_be_answered_and_left_by_keyboard(open_page):
    page = open_page()
    page.goto("/design/")
    opener = page.get_by_role("link", name="Open a question")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Release the money?")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_the_chart_zooms_to_a_range_and_follows_the_theme(open_page):
    page = open_page()
    page.goto("/design/")
    chart = page.locator("figure[data-chart]")
    chart.scroll_into_view_if_needed()
    expect(chart.locator("canvas")).to_be_visible()
    chart.get_by_role("button", name="3m").click()
    expect(chart.get_by_role("button", name="3m")).to_have_attribute("aria-pressed", "true")
    page.locator("footer").get_by_role("button", name="Dark").click()
    expect(chart.locator("canvas")).to_have_count(1)


def test_a_deadline_counts_down_and_says_what_follows(open_page):
    page = open_page()
    page.goto("/design/")
    soon = page.locator('.deadline[data-urgency="soon"]')
    expect(soon).to_contain_text(re.compile(r"5 hours 1\d minutes left"))
    expect(soon).to_contain_text("the buyer may cancel")
    expect(page.locator('.deadline[data-urgency="passed"]')).to_contain_text("passed")


def test_chosen_photos_are_shown_and_can_be_taken_back(open_page, tmp_path):
    page = open_page()
    page.goto("/design/")
    picture = page.request.get("/static/img/samples/card-1.svg").body()
    files = [
        {"name": "one.svg", "mimeType": "image/svg+xml", "buffer": picture},
        {"name": "two.svg", "mimeType": "image/svg+xml", "buffer": picture + b" "},
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"not a picture"},
    ]
    page.locator("#photos").set_input_files(files)
    expect(page.locator(".drop__file")).to_have_count(2)
    expect(page.locator("[data-drop-status]")).to_contain_text("notes.txt is not a picture.")
    page.get_by_role("button", name="Remove one.svg").click()
    expect(page.locator("[data-drop-status]")).to_have_text("1 photo ready to send.")
    assert page.evaluate("() => document.querySelector('#photos').files.length") == 1


def test_slash_leads_into_the_search_box(open_page):
    page = open_page()
    page.goto("/design/")
    page.keyboard.press("/")
    expect(page.locator("#site-search")).to_be_focused()


def test_the_first_tab_offers_to_skip_to_the_page(open_page):
    page = open_page()
    page.goto("/design/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the page")
    expect(skip).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
