"""The baseline of bench_live: a bare Channels consumer that joins one Redis group, repeats what it hears there, and answers."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")

import django

django.setup()

from channels.generic.websocket import AsyncJsonWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402


class Echo(AsyncJsonWebsocketConsumer):
    """One client."""

    async def connect(self) -> None:
        """Everybody is in one group."""
        await self.channel_layer.group_add("crowd", self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        """Leave it."""
        await self.channel_layer.group_discard("crowd", self.channel_name)

    async def receive_json(self, content: dict[str, Any]) -> None:
        """Answer."""
        await self.send_json({"type": "subscribed" if content["type"] == "subscribe" else "pong"})

    async def told(self, message: dict[str, Any]) -> None:
        """Pass it on."""
        await self.send_json(message["event"])


application = ProtocolTypeRouter({"websocket": URLRouter([path("ws/", Echo.as_asgi())])})
