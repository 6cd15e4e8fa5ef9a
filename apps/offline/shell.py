"""What the service worker keeps so that a device shows something without network: three pages and the files they need.

None of it is anybody's own: the pages are the same for everybody, and are fetched without cookies.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse

PAGES = {
    "offline": "offline/page.html",
    "offline-inventory": "offline/inventory.html",
    "offline-scan": "offline/scan.html",
}
PARTS = (
    "js/offline/kept.js",
    "js/offline/sending.js",
    "js/worker/push.js",
    "js/worker/shell.js",
    "js/worker/sending.js",
)
"""The worker's scripts in the order in which they are run: what is kept and how it is sent serve pages as well."""
_NAMED = re.compile(r"(?:href|src)=\"([^\"#]+)")
_IMPORTED = re.compile(r"^\s*import\s[^\"']*[\"'](\.[^\"']+)[\"']", re.MULTILINE)
_HASHED = re.compile(r"\.[0-9a-f]{12}(?=\.\w+$)")  # what the storage of production writes into a file's name


@lru_cache(maxsize=1)
def worker_script() -> str:
    """The service worker: its parts, what it keeps, and a name of this build, which changes with any of it.

    A browser compares the script byte by byte, so that the name is what makes it take a new one.
    """
    pages = {name: render_to_string(template) for name, template in PAGES.items()}
    files = _files(pages.values())
    main = (settings.BASE_DIR / "static" / "sw.js").read_text(encoding="utf-8")
    built = hashlib.sha256(main.encode())
    for page in pages.values():
        built.update(page.encode())
    for address in (*files, *map(static, PARTS)):
        built.update(address.encode() + _content(address))
    told = {
        "build": built.hexdigest()[:12],
        "pages": {name: reverse(name) for name in pages},
        "files": files,
        "media": _rooted(settings.MEDIA_URL),
        "signedIn": reverse("offline-self"),
        "parts": [static(part) for part in PARTS],
    }
    return f"const BUILT = {json.dumps(told)};\n{main}"


def _files(pages: object) -> list[str]:
    """Addresses of the static files that pages name, and of the modules that their scripts import."""
    root = _rooted(settings.STATIC_URL)
    named = {address for page in pages for address in _NAMED.findall(page) if address.startswith(root)}
    found: set[str] = set()
    while named:
        address = named.pop()
        found.add(address)
        if address.endswith(".js"):
            inside = _IMPORTED.findall(_content(address).decode())
            named |= {posixpath.normpath(posixpath.join(posixpath.dirname(address), path)) for path in inside} - found
    return sorted(found)


def _content(address: str) -> bytes:
    """What lies at an address of ours; nothing for a file that is only where it was collected: its name has its hash."""
    name = _HASHED.sub("", address.removeprefix(_rooted(settings.STATIC_URL)))
    path = finders.find(name)
    return Path(path).read_bytes() if path else b""


def _rooted(prefix: str) -> str:
    return f"/{prefix.strip('/')}/"
