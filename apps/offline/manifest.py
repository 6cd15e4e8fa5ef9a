"""The web app manifest: what a browser needs to install the site as an app (W3C, Web Application Manifest)."""

from __future__ import annotations

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse

# As in templates/offline/partials/head.html: the desk's own colours, written as every browser reads them.
LIGHT, DARK = "#fbfdfc", "#141b19"
SIZES = (192, 512)


def manifest() -> dict[str, object]:
    """Name, icons and where the app starts. Icons for `maskable` fill the square: a launcher cuts its own shape."""
    icons = [
        {
            "src": static(f"img/app/{kind}-{size}.png"),
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": purpose,
        }
        for kind, purpose in (("icon", "any"), ("maskable", "maskable"))
        for size in SIZES
    ]
    return {
        "id": "/",
        "name": settings.SITE_NAME,
        "short_name": settings.SITE_NAME,
        "description": "Photograph your cards, know what they are worth, and sell or swap them safely.",
        "lang": "en",
        "dir": "ltr",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": LIGHT,
        "theme_color": LIGHT,
        "categories": ["shopping", "utilities"],
        "icons": icons,
        "shortcuts": [
            {"name": "Scan cards", "url": reverse("scan-new")},
            {"name": "Inventory", "url": reverse("inventory")},
        ],
    }
