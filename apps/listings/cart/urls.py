"""Web routes of the cart."""

from django.urls import path

from apps.listings.cart import views

urlpatterns = [
    path("cart/", views.cart, name="cart"),
    path("cart/add/<uuid:listing>/", views.add, name="cart-add"),
    path("cart/lines/<uuid:pk>/", views.change, name="cart-line"),
    path("cart/accept/", views.accept, name="cart-accept"),
    path("cart/wanted/", views.find, name="cart-wanted"),
    path("cart/compare/", views.compare, name="cart-compare"),
    path("cart/apply/", views.apply, name="cart-apply"),
    path("cart/undo/", views.undo, name="cart-undo"),
]
