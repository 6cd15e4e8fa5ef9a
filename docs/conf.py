"""How the documentation is made into a site: `make docs`. Every broken link or reference fails it (-W -n)."""

from __future__ import annotations

from pathlib import Path

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx
from sphinx.highlighting import lexers

ROOT = Path(__file__).parent.parent

project = "CardVault"
author = "CardVault"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
html_theme = "furo"
html_title = "CardVault"
html_logo = html_favicon = "../static/img/icon.svg"
html_show_sphinx = html_show_copyright = html_copy_source = False
# Links of the pages are those that a reader of the repository follows: headings have the names that are usual there.
myst_heading_anchors = 4
# A test sees to it that each page is in the contents. The report of benchmarks need not be: it is written by a run.
suppress_warnings = ["toc.not_included"]
# No lexer of Pygments knows them. Diagrams are drawn where the repository is read, and are text here.
lexers["mermaid"] = lexers["csv"] = TextLexer()


def setup(app: Sphinx) -> None:
    """The page of changes is the file at the root of the repository, where a page of the site cannot lie."""

    def take_changelog(_app: Sphinx, page: str, source: list[str]) -> None:
        if page == "changelog":
            source[0] = (ROOT / "CHANGELOG.md").read_text().replace("](docs/", "](")
        source[0] = source[0].replace("](../CHANGELOG.md)", "](changelog.md)")

    app.connect("source-read", take_changelog)
