"""Websocket routes, gathered from the apps that have one."""

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator

from apps.live.routing import websocket_urlpatterns as live
from apps.scans.routing import websocket_urlpatterns as scans

_live = URLRouter(live)
_scans = AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(scans)))


async def websockets(scope, receive, send):
    """Live pages; scans' own progress beside them."""
    await (_scans if scope["path"].startswith("/ws/scans/") else _live)(scope, receive, send)
