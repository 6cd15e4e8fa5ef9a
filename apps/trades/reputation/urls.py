"""Web routes of reputation."""

from django.urls import path

from apps.trades.reputation import views

urlpatterns = [
    path("standing/", views.standing, name="standing"),
    path("reviews/<uuid:pk>/answer/", views.answer, name="review-answer"),
]
