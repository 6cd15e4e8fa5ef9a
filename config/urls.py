"""Every route: the web at /, moderators at /admin/, REST at /api/v1/. Each app names its own."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from apps.accounts.blocks import urls as blocks
from apps.accounts.consent import urls as consent
from apps.accounts.oauth import urls as oauth
from apps.accounts.sessions import urls as sessions
from apps.core import views as core_views
from apps.escrow.cards import urls as cards
from apps.escrow.cases import urls as cases
from apps.escrow.protection import urls as protection
from apps.escrow.statements import urls as money
from apps.listings.offers import urls as offers
from apps.moderation import seeing
from apps.privacy import urls as personal
from apps.trades import agreed
from apps.trades.reports import urls as reports
from apps.trades.reputation import urls as reputation
from apps.trades.swaps import urls as swaps
from config import views
from config.observing.exposition import exposition

handler400 = "apps.core.problems.bad_request"
handler403 = "apps.core.problems.permission_denied"
handler404 = "apps.core.problems.not_found"
handler500 = "apps.core.problems.server_error"

api = [
    path("", include("apps.accounts.api_urls")),
    path("", include("apps.catalog.api_urls")),
    path("", include("apps.valuations.api_urls")),
    path("", include("apps.inventory.api_urls")),
    path("", include("apps.scans.api_urls")),
    path("", include("apps.listings.api_urls")),
    path("", include("apps.listings.cart.api_urls")),
    path("", include("apps.listings.wants.api_urls")),
    path("", include("apps.alerts.api_urls")),
    path("", include("apps.trades.api_urls")),
    path("", include("apps.notifications.api_urls")),
    path("", include("apps.trades.checkout.api_urls")),
    path("", include(money.api_urlpatterns)),
    path("", include(protection.api_urlpatterns)),
    path("", include(cases.api_urlpatterns)),
    path("", include(cards.api_urlpatterns)),
    path("", include(blocks.api_urlpatterns)),
    path("", include(consent.api_urlpatterns)),
    path("", include(sessions.api_urlpatterns)),
    path("", include(oauth.api_urlpatterns)),
    path("", include(offers.api_urlpatterns)),
    path("", include(agreed.api_urlpatterns)),
    path("", include(reputation.api_urlpatterns)),
    path("", include(reports.api_urlpatterns)),
    path("", include(swaps.api_urlpatterns)),
    path("", include(personal.api_urlpatterns)),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", core_views.api_docs, name="api-docs"),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("favicon.ico", views.icon),
    path("metrics", exposition, name="metrics"),
    path("", include("apps.core.urls")),
    path("", include("apps.catalog.urls")),
    path("", include("apps.valuations.urls")),
    path("", include("apps.inventory.urls")),
    path("", include("apps.scans.urls")),
    path("", include("apps.listings.urls")),
    path("", include("apps.listings.cart.urls")),
    path("", include("apps.listings.wants.urls")),
    path("", include("apps.escrow.urls")),
    path("", include(money)),
    path("", include(protection)),
    path("", include(cases)),
    path("", include(cards)),
    path("", include("apps.alerts.urls")),
    path("", include("apps.trades.urls")),
    path("", include("apps.notifications.urls")),
    path("", include("apps.offline.urls")),
    path("", include("apps.trades.checkout.urls")),
    path("", include(agreed.urlpatterns)),
    path("", include(reputation)),
    path("", include(reports)),
    path("", include(swaps)),
    path("", include(offers)),
    path("", include("apps.accounts.urls")),
    path("", include(blocks)),
    path("", include(consent)),
    path("", include(sessions)),
    path("", include(oauth)),
    path("", include(personal)),
    path("seeing/end/", seeing.end, name="seeing-end"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include(api)),
]

if getattr(settings, "SERVE_MEDIA", False):
    urlpatterns += [path("media/<path:path>", views.media, name="media")]
