"""REST routes of the catalogue. Cards are shown with their prices, so their routes stand in valuations."""

from django.urls import path

from apps.catalog import api

urlpatterns = [path("sets", api.SetList.as_view(), name="api-sets")]
