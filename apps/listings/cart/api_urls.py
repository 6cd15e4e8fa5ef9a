"""REST routes of the cart."""

from django.urls import path

from apps.listings.cart import api

urlpatterns = [
    path("cart", api.CartDetail.as_view(), name="api-cart"),
    path("cart/lines", api.CartLines.as_view(), name="api-cart-lines"),
    path("cart/lines/<uuid:pk>", api.CartLineDetail.as_view(), name="api-cart-line"),
    path("cart/accept", api.CartAccept.as_view(), name="api-cart-accept"),
    path("cart/optimise", api.CartOptimise.as_view(), name="api-cart-optimise"),
]
