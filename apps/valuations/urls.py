"""Web routes of the app."""

from django.urls import path

from apps.valuations import views

urlpatterns = [
    path("method/", views.method, name="method"),
    path("movers/", views.movers, name="movers"),
]
