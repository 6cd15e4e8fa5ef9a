"""REST routes of the app."""

from django.urls import path

from apps.accounts import api

urlpatterns = [
    path("auth/register", api.Register.as_view(), name="api-register"),
    path("auth/verify/<str:key>", api.Verify.as_view(), name="api-verify"),
    path("auth/login", api.Login.as_view(), name="api-login"),
    path("auth/refresh", api.Refresh.as_view(), name="api-refresh"),
    path("auth/logout", api.Logout.as_view(), name="api-logout"),
    path("me", api.MyProfile.as_view(), name="api-me"),
    path("api-keys", api.KeyList.as_view(), name="api-api-keys"),
    path("api-keys/<uuid:pk>", api.KeyDetail.as_view(), name="api-api-key"),
    path("api-keys/<uuid:pk>/rotate", api.KeyRotation.as_view(), name="api-api-key-rotate"),
]
