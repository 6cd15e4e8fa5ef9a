"""REST routes of listings."""

from django.urls import path

from apps.listings import api, search_api

urlpatterns = [
    path("listings", api.ListingList.as_view(), name="api-listings"),
    path("listings/search", search_api.Search.as_view(), name="api-listings-search"),
    path("listings/searches", search_api.Searches.as_view(), name="api-saved-searches"),
    path("listings/searches/<uuid:pk>", search_api.SearchDetail.as_view(), name="api-saved-search"),
    path("listings/<uuid:pk>", api.ListingDetail.as_view(), name="api-listing"),
]
