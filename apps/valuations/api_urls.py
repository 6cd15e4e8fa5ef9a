"""REST routes of cards and their prices."""

from django.urls import path

from apps.valuations.api import views

urlpatterns = [
    path("cards/search", views.CardSearch.as_view(), name="api-cards-search"),
    path("cards/lookup", views.CardLookup.as_view(), name="api-cards-lookup"),
    path("cards/<uuid:pk>", views.CardDetail.as_view(), name="api-card"),
    path("cards/<uuid:pk>/prices/history", views.PriceHistory.as_view(), name="api-price-history"),
    path("prices/trending", views.Trending.as_view(), name="api-trending"),
    path("prices/sources", views.PriceSources.as_view(), name="api-price-sources"),
    path("sets/<uuid:pk>", views.SetDetail.as_view(), name="api-set"),
]
