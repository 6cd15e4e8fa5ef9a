"""Websocket routes, gathered from the apps that have a consumer."""

from apps.scans.routing import websocket_urlpatterns as scans

websocket_urlpatterns = [*scans]
