"""REST routes of the seller's desk."""

from django.urls import path

from apps.trades.selling import api, api_money, api_tracking

urlpatterns = [
    path("orders", api.OrderList.as_view(), name="api-orders"),
    path("orders/pick-list", api.PickList.as_view(), name="api-orders-pick"),
    path("orders/slips.pdf", api.Slips.as_view(), name="api-orders-slips"),
    path("orders/labels.pdf", api.Labels.as_view(), name="api-orders-labels"),
    path("orders/tracking", api_tracking.Parcels.as_view(), name="api-orders-tracking"),
    path("statements/<int:year>", api_money.YearStatement.as_view(), name="api-statement-year"),
    path("statements/<int:year>/<int:month>", api_money.MonthStatement.as_view(), name="api-statement-month"),
    path("fees/example", api_money.Fees.as_view(), name="api-fee-example"),
]
