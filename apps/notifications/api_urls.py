"""REST routes of notifications."""

from django.urls import path

from apps.notifications import api
from apps.notifications.webhooks import api as webhooks

urlpatterns = [
    path("notifications", api.NotificationList.as_view(), name="api-notifications"),
    path("notifications/read", api.NotificationRead.as_view(), name="api-notifications-read"),
    path("notifications/preferences", api.Preferences.as_view(), name="api-notification-preferences"),
    path("push/devices", api.DeviceList.as_view(), name="api-devices"),
    path("push/devices/<uuid:pk>", api.DeviceDetail.as_view(), name="api-device"),
    path("webhooks", webhooks.EndpointList.as_view(), name="api-webhooks"),
    path("webhooks/<uuid:pk>", webhooks.EndpointDetail.as_view(), name="api-webhook"),
    path("webhooks/<uuid:pk>/rotate", webhooks.EndpointRotate.as_view(), name="api-webhook-rotate"),
    path("webhooks/<uuid:pk>/ping", webhooks.EndpointPing.as_view(), name="api-webhook-ping"),
    path("webhooks/<uuid:pk>/replay", webhooks.EndpointReplay.as_view(), name="api-webhook-replay"),
    path("webhooks/<uuid:pk>/messages", webhooks.EndpointMessages.as_view(), name="api-webhook-messages"),
    path("webhooks/messages/<uuid:pk>", webhooks.MessageDetail.as_view(), name="api-webhook-message"),
]
