"""Routes of a member's account statement, web and REST."""

from django.urls import path

from apps.escrow.statements import api, views

urlpatterns = [
    path("money/", views.statement_now, name="money"),
    path("money/<int:year>/", views.statement, name="money-year"),
    path("money/<int:year>/<int:month>/", views.statement, name="money-month"),
]
api_urlpatterns = [
    path("money/<int:year>", api.YearOfAccount.as_view(), name="api-money-year"),
    path("money/<int:year>/<int:month>", api.MonthOfAccount.as_view(), name="api-money-month"),
]
