"""ASGI: HTTP to Django, the websocket /ws/ to live pages."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter  # noqa: E402

from config.bodies import bounded  # noqa: E402
from config.routing import websockets  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": bounded(django_application),
        "websocket": websockets,
    }
)
