"""REST routes of alerts."""

from django.urls import path

from apps.alerts import api, api_bulk

urlpatterns = [
    path("alerts", api.AlertList.as_view(), name="api-alerts"),
    path("alerts/bulk", api_bulk.AlertBulk.as_view(), name="api-alerts-bulk"),
    path("alerts/history", api.AlertHistory.as_view(), name="api-alerts-history"),
    path("alerts/<uuid:pk>", api.AlertDetail.as_view(), name="api-alert"),
]
