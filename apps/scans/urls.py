"""Web routes of scanning."""

from django.urls import path

from apps.scans import views

urlpatterns = [
    path("scan/", views.new, name="scan-new"),
    path("scan/<uuid:pk>/", views.scan, name="scan"),
    path("scan/<uuid:pk>/confirm/", views.confirm, name="scan-confirm"),
    path("scan/cards/<uuid:pk>/", views.card, name="scan-card"),
]
