"""Web routes of the site as an app."""

from django.urls import path

from apps.offline import views

urlpatterns = [
    path("sw.js", views.service_worker, name="service-worker"),
    path("manifest.webmanifest", views.web_manifest, name="manifest"),
    path("offline/", views.page, {"name": "offline"}, name="offline"),
    path("offline/inventory/", views.page, {"name": "offline-inventory"}, name="offline-inventory"),
    path("offline/scan/", views.page, {"name": "offline-scan"}, name="offline-scan"),
    path("offline/self.json", views.signed_in, name="offline-self"),
    path("offline/inventory.json", views.inventory, name="offline-items"),
]
