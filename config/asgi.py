"""ASGI: HTTP to Django, the websocket /ws/ to live pages."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")

import django

django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter  # noqa: E402

from config.answering import Pages  # noqa: E402
from config.bodies import bounded  # noqa: E402
from config.routing import websockets  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": bounded(Pages()),
        "websocket": websockets,
    }
)
