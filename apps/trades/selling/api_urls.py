"""REST routes of the seller's desk."""

from django.urls import path

from apps.trades.selling import api

urlpatterns = [
    path("orders", api.OrderList.as_view(), name="api-orders"),
    path("orders/pick-list", api.PickList.as_view(), name="api-orders-pick"),
    path("orders/slips.pdf", api.Slips.as_view(), name="api-orders-slips"),
    path("orders/labels.pdf", api.Labels.as_view(), name="api-orders-labels"),
    path("orders/tracking", api.Parcels.as_view(), name="api-orders-tracking"),
    path("statements/<int:year>", api.YearStatement.as_view(), name="api-statement-year"),
    path("statements/<int:year>/<int:month>", api.MonthStatement.as_view(), name="api-statement-month"),
    path("fees/example", api.Fees.as_view(), name="api-fee-example"),
]
