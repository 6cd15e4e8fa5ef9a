"""Who may use which route: what members are told, devices, webhooks."""

from tests.routes.kinds import ALERTS, MEMBER, OWNER, PUBLIC, READ, Route, pk

WEB = {
    "notifications": Route(MEMBER),
    "notifications-read": Route(MEMBER, "post"),
    "notification": Route(OWNER, about=pk("notification")),
    "notification-read": Route(OWNER, "post", pk("notification")),
    "notification-settings": Route(MEMBER),
    "notification-address": Route(MEMBER, "post"),
    "notification-unsubscribe": Route(PUBLIC, about={"token": "unsubscribe_token"}),
    "device-remove": Route(OWNER, "post", pk("device")),
    "webhooks": Route(MEMBER),
    "webhook-endpoint": Route(OWNER, about=pk("endpoint")),
    **{
        f"webhook-{step}": Route(OWNER, "post", pk("endpoint"))
        for step in ("rotate", "pause", "resume", "ping", "replay", "remove")
    },
    "webhook-message": Route(OWNER, about=pk("webhook_message")),
    "webhook-message-replay": Route(OWNER, "post", pk("webhook_message")),
}  # fmt: skip
REST = {
    "api-notifications": Route(MEMBER, scope=READ),
    "api-notifications-read": Route(MEMBER, "post", scope=ALERTS),
    "api-notification-preferences": Route(MEMBER, scope=READ),
    "api-devices": Route(MEMBER, scope=READ),
    "api-device": Route(OWNER, "delete", pk("device"), ALERTS),
    "api-webhooks": Route(MEMBER, scope=READ),
    "api-webhook": Route(OWNER, about=pk("endpoint"), scope=READ),
    **{
        f"api-webhook-{step}": Route(OWNER, "post", pk("endpoint"), ALERTS) for step in ("rotate", "ping", "replay")
    },
    "api-webhook-messages": Route(OWNER, about=pk("endpoint"), scope=READ),
    "api-webhook-message": Route(OWNER, about=pk("webhook_message"), scope=READ),
}  # fmt: skip
