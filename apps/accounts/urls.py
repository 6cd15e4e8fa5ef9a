"""Web routes of the app; signing up and in is allauth's under /accounts/."""

from django.contrib.auth.decorators import login_required
from django.urls import path

from apps.accounts import emails, views

urlpatterns = [
    path("me/", views.profile, name="profile"),
    path("me/addresses/", views.addresses, name="addresses"),
    path("me/addresses/<uuid:pk>/", views.address, name="address"),
    path("me/addresses/<uuid:pk>/remove/", views.remove_address, name="address-remove"),
    path("me/api-keys/", views.api_keys, name="api-keys"),
    path("me/api-keys/<uuid:pk>/revoke/", views.revoke_api_key, name="api-key-revoke"),
    path("me/api-keys/<uuid:pk>/rotate/", views.rotate_api_key, name="api-key-rotate"),
    # Before the library's page of the same address.
    path("accounts/email/", login_required(emails.EmailPage.as_view()), name="account_email"),
    path("accounts/email/agree/<str:key>/", emails.agree_page, name="email-agree"),
]
