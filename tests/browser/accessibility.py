"""What every page must pass: axe without serious findings, targets large enough, nothing wider than the screen."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.browsers import unwatched

AXE = Path(__file__).parent / "vendor" / "axe-core-4.14.1" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """
rules => axe.run(document, {runOnly: {type: "tag", values: rules}, resultTypes: ["violations"]}).then(found =>
  found.violations.filter(each => ["serious", "critical"].includes(each.impact)).map(each => ({
    rule: each.id, help: each.help,
    where: each.nodes.map(node => node.target.join(" ") + " :: " + (node.any[0]?.message ?? node.failureSummary)),
  })))
"""


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8")


def assert_accessible(page: Page) -> None:
    """No serious or critical finding of axe on the page as it stands, and nothing sticks out sideways."""
    with unwatched(page):  # axe adds a style element, which the page's content policy rightly refuses
        if not page.evaluate("() => Boolean(window.axe)"):
            page.evaluate(_axe())  # through the debugger, so that the policy stays as it is
        found = page.evaluate(_RUN, RULES)
    lines = [f"{each['rule']}: {each['help']}\n    " + "\n    ".join(each["where"]) for each in found]
    assert not found, f"{page.url}\n" + "\n".join(lines)
    assert_fits(page)


def assert_fits(page: Page) -> None:
    """The page is not wider than the screen."""
    wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px wider than the screen"
