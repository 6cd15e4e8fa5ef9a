"""Web routes of reports."""

from django.urls import path, register_converter

from apps.trades.reports import api, views


class Kind:
    """What can be reported, in an address."""

    regex = "listing|member|review"

    def to_python(self, value: str) -> str:
        """As it stands."""
        return value

    def to_url(self, value: str) -> str:
        """As it stands."""
        return value


register_converter(Kind, "reported")
urlpatterns = [
    path("report/<reported:kind>/<uuid:pk>/", views.report, name="report"),
    path("me/reports/", views.reports, name="reports"),
    path("me/reports/<uuid:pk>/appeal/", views.appeal, name="report-appeal"),
]
api_urlpatterns = [
    path("reports", api.ReportList.as_view(), name="api-reports"),
    path("reports/<uuid:pk>/appeal", api.Appeal.as_view(), name="api-report-appeal"),
]
