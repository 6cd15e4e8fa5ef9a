"""Websocket routes: the one of live pages."""

from channels.routing import URLRouter

from apps.live.routing import websocket_urlpatterns

websockets = URLRouter(websocket_urlpatterns)
