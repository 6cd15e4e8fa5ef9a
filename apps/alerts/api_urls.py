"""REST routes of alerts."""

from django.urls import path

from apps.alerts import api

urlpatterns = [
    path("alerts", api.AlertList.as_view(), name="api-alerts"),
    path("alerts/history", api.AlertHistory.as_view(), name="api-alerts-history"),
    path("alerts/<uuid:pk>", api.AlertDetail.as_view(), name="api-alert"),
]
