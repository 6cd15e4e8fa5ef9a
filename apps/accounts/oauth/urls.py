"""Web and REST routes of OAuth. Of the library's endpoints only those that we offer are there."""

from django.urls import include, path

from apps.accounts.oauth import api, endpoints, views

_endpoints = (
    [
        path("authorize", endpoints.authorization, name="authorization"),
        path("token", endpoints.token, name="token"),
        path("revoke", endpoints.revoke, name="revoke"),
    ],
    "oidc",
)
urlpatterns = [
    path("oauth/", include(([path("", include(_endpoints))], "idp"))),
    path(".well-known/oauth-authorization-server", endpoints.metadata, name="oauth-metadata"),
    path("me/connected-apps/", views.connected, name="connected-apps"),
    path("me/connected-apps/<str:pk>/disconnect/", views.disconnect, name="connected-app-disconnect"),
    path("me/apps/", views.apps, name="apps"),
    path("me/apps/<str:pk>/remove/", views.remove, name="app-remove"),
]
api_urlpatterns = [
    path("connected-apps", api.ConnectionList.as_view(), name="api-connected-apps"),
    path("connected-apps/<str:pk>", api.ConnectionDetail.as_view(), name="api-connected-app"),
    path("apps", api.AppList.as_view(), name="api-apps"),
    path("apps/<str:pk>", api.AppDetail.as_view(), name="api-app"),
]
