"""REST routes of checkout."""

from django.urls import path

from apps.trades.checkout import api

urlpatterns = [
    path("checkout", api.Orders.as_view(), name="api-checkout"),
    path("checkout/<uuid:pk>", api.OrderDetail.as_view(), name="api-order"),
]
