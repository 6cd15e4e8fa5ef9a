"""Web routes of the app."""

from django.urls import path

from apps.catalog import views

urlpatterns = [
    path("search/", views.search, name="search"),
    path("search/suggest/", views.suggest, name="search-suggest"),
    path("sets/", views.releases, name="sets"),
]
