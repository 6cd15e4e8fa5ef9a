"""Web routes of the app; signing up and in is allauth's under /accounts/."""

from django.urls import path

from apps.accounts import views

urlpatterns = [
    path("me/", views.profile, name="profile"),
    path("me/addresses/", views.addresses, name="addresses"),
    path("me/addresses/<uuid:pk>/", views.address, name="address"),
    path("me/addresses/<uuid:pk>/remove/", views.remove_address, name="address-remove"),
    path("me/api-keys/", views.api_keys, name="api-keys"),
    path("me/api-keys/<uuid:pk>/revoke/", views.revoke_api_key, name="api-key-revoke"),
]
