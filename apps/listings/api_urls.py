"""REST routes of listings."""

from django.urls import path

from apps.listings import api, search_api
from apps.listings.watching import api as watching_api

urlpatterns = [
    path("listings", api.ListingList.as_view(), name="api-listings"),
    path("listings/search", search_api.Search.as_view(), name="api-listings-search"),
    path("listings/searches", search_api.Searches.as_view(), name="api-saved-searches"),
    path("listings/searches/<uuid:pk>", search_api.SearchDetail.as_view(), name="api-saved-search"),
    path("listings/watched", watching_api.Watched.as_view(), name="api-watched"),
    path("listings/<uuid:pk>/watch", watching_api.WatchDetail.as_view(), name="api-watch"),
    path("listings/<uuid:pk>", api.ListingDetail.as_view(), name="api-listing"),
]
