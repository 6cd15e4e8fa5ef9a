"""REST routes of scans."""

from django.urls import path

from apps.scans import api

urlpatterns = [
    path("scans", api.ScanList.as_view(), name="api-scans"),
    path("scans/<uuid:pk>", api.ScanDetail.as_view(), name="api-scan"),
    path("scans/<uuid:pk>/confirm", api.ScanConfirm.as_view(), name="api-scan-confirm"),
    path("scans/cards/<uuid:pk>", api.ScanCard.as_view(), name="api-scan-card"),
]
