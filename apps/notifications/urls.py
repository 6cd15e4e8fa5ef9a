"""Web routes of notifications."""

from django.urls import path

from apps.notifications import views
from apps.notifications.webhooks import views as webhooks

urlpatterns = [
    path("notifications/", views.centre, name="notifications"),
    path("notifications/read/", views.read_all, name="notifications-read"),
    path("notifications/settings/", views.preferences, name="notification-settings"),
    path("notifications/settings/address/", views.try_address_again, name="notification-address"),
    path("notifications/devices/<uuid:pk>/remove/", views.remove_device, name="device-remove"),
    path("notifications/unsubscribe/<str:token>/", views.unsubscribe, name="notification-unsubscribe"),
    path("notifications/<uuid:pk>/", views.open_one, name="notification"),
    path("notifications/<uuid:pk>/read/", views.read, name="notification-read"),
    path("settings/webhooks/", webhooks.endpoints, name="webhooks"),
    path("settings/webhooks/<uuid:pk>/", webhooks.endpoint, name="webhook-endpoint"),
    path("settings/webhooks/<uuid:pk>/rotate/", webhooks.rotate, name="webhook-rotate"),
    *(
        path(f"settings/webhooks/<uuid:pk>/{what}/", webhooks.step, {"what": what}, name=f"webhook-{what}")
        for what in ("pause", "resume", "ping", "replay", "remove")
    ),
    path("settings/webhooks/messages/<uuid:pk>/", webhooks.message, name="webhook-message"),
    path("settings/webhooks/messages/<uuid:pk>/replay/", webhooks.replay_one, name="webhook-message-replay"),
]
