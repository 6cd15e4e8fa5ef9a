"""Routes of the member's cards, web and REST."""

from django.urls import path

from apps.escrow.cards import api, views

urlpatterns = [
    path("payments/cards/", views.cards, name="payment-cards"),
    path("payments/cards/add/", views.add, name="payment-card-add"),
    path("payments/cards/<uuid:pk>/default/", views.default, name="payment-card-default"),
    path("payments/cards/<uuid:pk>/remove/", views.remove, name="payment-card-remove"),
]
api_urlpatterns = [
    path("payments/cards", api.CardList.as_view(), name="api-payment-cards"),
    path("payments/cards/refresh", api.CardsRefresh.as_view(), name="api-payment-cards-refresh"),
    path("payments/cards/<uuid:pk>", api.CardDetail.as_view(), name="api-payment-card"),
]
