"""The documents hold together: links and anchors lead somewhere, examples run, calls exist, every page can be reached."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import get_commands
from django.test import RequestFactory
from django.urls import Resolver404, resolve

from config.env import ROOT
from tests.factories import make_user

DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
TOCTREE = re.compile(r"^```\{toctree\}\n(?::[^\n]*\n)*(.*?)^```", re.DOTALL | re.MULTILINE)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(language: str) -> list[tuple[str, str]]:
    """(document, text) of every block in a language."""
    return [
        (name(path), text) for path in DOCUMENTS for told, text in FENCED.findall(path.read_text()) if told == language
    ]


@cache
def anchors(path: Path) -> set[str]:
    """What headings are called in links: lower case, blanks as hyphens, no other signs; a repeated one gets a number."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} (.+)$", FENCED.sub("", path.read_text()), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        slug = again = re.sub(r"[^\w\- ]", "", words).strip().replace(" ", "-")
        number = 0
        while again in found:
            number += 1
            again = f"{slug}-{number}"
        found.add(again)
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_lead_somewhere(document):
    text = FENCED.sub("", document.read_text())
    lost = []
    for target, anchor in re.findall(r"\]\((?!https?:|mailto:|/)([^)#\s]*)(?:#([^)\s]+))?\)", text):
        path = (document.parent / target).resolve() if target else document
        if not path.exists() or (anchor and path.suffix == ".md" and anchor not in anchors(path)):
            lost.append(f"{target}#{anchor}")
    assert lost == []


def test_every_picture_is_shown_with_its_words_and_small():
    """Those that a page names are there as every link is; none lies there for nothing, and a reader's ears miss nothing."""
    shown = {}
    for document in DOCUMENTS:
        for words, target in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", FENCED.sub("", document.read_text())):
            shown[(document.parent / target).resolve()] = words
    pictures = set((ROOT / "docs/images").iterdir())
    assert pictures - set(shown) == set()
    assert [name(path) for path in pictures if len(shown[path].split()) < 3] == []
    assert [name(path) for path in pictures if path.stat().st_size >= 100_000] == []


def test_every_page_is_in_the_table_of_contents():
    """Runbooks are listed on a page of their own; the report of benchmarks may be there or not."""
    contents = "\n".join(TOCTREE.findall((ROOT / "docs/index.md").read_text()))
    pages = {str(path.relative_to(ROOT / "docs").with_suffix("")) for path in (ROOT / "docs").rglob("*.md")}
    single = {page for page in pages if not page.startswith(("runbooks/", "benchmarks/"))}
    assert single == {"index", *contents.split()} - {"benchmarks/README"}
    books = re.findall(r"\]\((runbooks/[\w-]+)\.md\)", (ROOT / "docs/runbooks.md").read_text())
    assert books == sorted(page for page in pages if page.startswith("runbooks/"))


def test_commands_and_targets_that_are_named_are_there():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    lost = []
    for path in DOCUMENTS:
        text = path.read_text()
        named = set(re.findall(r"manage\.py ([a-z_]+)", text)) - set(get_commands())
        made = set(re.findall(r"(?:`|^    |^)(?:[A-Z_]+=\S+ )*make ([a-z-]+)", text, re.MULTILINE)) - targets
        lost += [(name(path), each) for each in sorted(named | made)]
    assert lost == []


@pytest.mark.django_db
@pytest.mark.parametrize(("document", "code"), blocks("python"))
def test_python_in_the_documents_runs(document, code):
    """What the text around a block presumes is there: a request of a visitor, a member."""
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    exec(compile(code, document, "exec"), {"request": request, "user": make_user()})


def calls() -> list[tuple[str, str]]:
    """(method, path) of each curl in docs/api.md, with made-up ids where the text has a name."""
    found = []
    for _, text in ((document, text) for document, text in blocks("sh") if document == "docs/api.md"):
        for line in re.findall(r"^curl (.+)$", text.replace("\\\n", " "), re.MULTILINE):
            told = re.search(r"-X (\w+)", line)
            method = told[1] if told else "POST" if re.search(r" -(?:d|F) ", line) else "GET"
            path = re.search(r"\$API/([^\s\"?]+)", line)[1]
            found.append((method, re.sub(r"\$\w+", "01980000-0000-7000-8000-000000000000", path)))
    return found


def test_every_call_in_the_guide_is_one_of_the_api():
    made = calls()
    assert len(made) > 30
    assert methods("no/such/path") == set()
    assert "post" not in methods("cards/search")
    unknown = [(method, path) for method, path in made if method.lower() not in methods(path)]
    assert unknown == []


def methods(path: str) -> set[str]:
    """What can be asked of a path of the API: the methods that its OpenAPI schema is made of."""
    try:
        view = resolve(f"/api/v1/{path}").func
    except Resolver404:
        return set()
    actions = getattr(view, "actions", None)
    return set(actions) if actions else {each for each in view.cls.http_method_names if hasattr(view.cls, each)}
