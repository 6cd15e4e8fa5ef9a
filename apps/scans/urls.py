"""Web routes of scanning."""

from django.urls import path

from apps.scans import views

urlpatterns = [
    path("scan/", views.new, name="scan-new"),
    path("scan/<uuid:pk>/", views.scan, name="scan"),
    path("scan/<uuid:pk>/progress/", views.progress, name="scan-progress"),
    path("scan/<uuid:pk>/confirm/", views.confirm, name="scan-confirm"),
    path("scan/<uuid:pk>/again/", views.again, name="scan-again"),
    path("media/scans/<path:name>", views.picture, name="scan-picture"),
    path("scan/cards/<uuid:pk>/", views.card, name="scan-card"),
]
