"""REST routes of cards and their prices."""

from django.urls import path

from apps.valuations import api

urlpatterns = [
    path("cards/search", api.CardSearch.as_view(), name="api-cards-search"),
    path("cards/<uuid:pk>", api.CardDetail.as_view(), name="api-card"),
    path("cards/<uuid:pk>/prices/history", api.PriceHistory.as_view(), name="api-price-history"),
    path("prices/trending", api.Trending.as_view(), name="api-trending"),
]
