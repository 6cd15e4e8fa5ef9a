"""What every template may use."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """Name and address of the site, whom one writes to, and whether payments run against the sandbox."""
    return {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "support_email": settings.SUPPORT_EMAIL,
        "payments_are_simulated": bool(settings.STRIPE_API_BASE),
        "request_id": getattr(request, "request_id", ""),
    }
