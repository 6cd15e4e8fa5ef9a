"""Web and REST routes of consent."""

from django.urls import path

from apps.accounts.consent import api, views

urlpatterns = [
    path("legal/<slug:purpose>/", views.legal, name="legal"),
    path("legal/<slug:purpose>/<slug:version>/", views.legal, name="legal-version"),
    path("me/agree/", views.agree, name="agree"),
    path("me/privacy/", views.choices, name="choices"),
]
api_urlpatterns = [path("me/consents", api.Consents.as_view(), name="api-consents")]
