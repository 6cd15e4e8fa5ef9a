"""ASGI: HTTP to Django, the websocket /ws/ to live pages."""

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")

import django

django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter  # noqa: E402
from django.urls import get_resolver  # noqa: E402

from config.answering import Pages  # noqa: E402
from config.bodies import bounded  # noqa: E402
from config.routing import websockets  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": bounded(Pages()),
        "websocket": websockets,
    }
)

# What is loaded by now stays for good. Left among the rest, it is looked through each time that the collector looks at all
# objects: every few seconds under load, for a fifth of a second in which nobody is answered.
get_resolver().url_patterns  # noqa: B018 - loads every view
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 20, 50)
