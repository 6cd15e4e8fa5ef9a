"""REST routes of listings."""

from django.urls import path

from apps.listings import api

urlpatterns = [
    path("listings", api.ListingList.as_view(), name="api-listings"),
    path("listings/<uuid:pk>", api.ListingDetail.as_view(), name="api-listing"),
]
