"""Web routes of reputation."""

from django.urls import path

from apps.trades.reputation import api, views

urlpatterns = [
    path("standing/", views.standing, name="standing"),
    path("reviews/<uuid:pk>/answer/", views.answer, name="review-answer"),
]
api_urlpatterns = [
    path("members/<uuid:pk>/standing", api.Standing.as_view(), name="api-standing"),
    path("reviews/<uuid:pk>/answer", api.Answer.as_view(), name="api-review-answer"),
]
