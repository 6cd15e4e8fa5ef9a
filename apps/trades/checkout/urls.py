"""Web routes of checkout."""

from django.urls import path

from apps.trades.checkout import views

urlpatterns = [
    path("cart/checkout/", views.check_out, name="cart-checkout"),
    path("orders/<uuid:pk>/", views.order, name="order"),
    path("orders/<uuid:pk>/next/", views.onward, name="order-next"),
    path("orders/<uuid:pk>/pay/", views.pay, name="order-pay"),
]
