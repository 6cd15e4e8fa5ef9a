"""REST routes of wants and haves."""

from django.urls import path

from apps.listings.wants import api

urlpatterns = [
    path("wants", api.WantLists.as_view(), name="api-wants"),
    path("wants/matches", api.Matches.as_view(), name="api-want-matches"),
    path("wants/<uuid:pk>", api.WantListDetail.as_view(), name="api-want-list"),
    path("wants/lines/<uuid:pk>", api.WantDetail.as_view(), name="api-want"),
    path("haves/<uuid:item>", api.HaveDetail.as_view(), name="api-have"),
]
