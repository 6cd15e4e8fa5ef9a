"""Live progress of one scan: each change sends how far it is, which htmx puts into the page.

The finished review carries forms with the reader's own token, so that the last message makes the page ask for it.
"""

from __future__ import annotations

import time

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.template.loader import render_to_string

from apps.core.errors import NotFound
from apps.scans import progress, queries, states
from apps.scans.views import TOKEN

_QUEUE_PAUSE = 2.0  # seconds between two looks at a place in the queue that only others have moved


class ScanConsumer(AsyncWebsocketConsumer):
    """Watches one scan of the reader's own; others are turned away."""

    waits = False
    sent_at = 0.0

    async def connect(self) -> None:
        """Join the scan's group and show how far it is by now (the page may be older than that)."""
        user = self.scope["user"]
        self.who = {
            "reader": user if user.is_authenticated else None,
            "visitor_token": "" if user.is_authenticated else self.scope["session"].get(TOKEN, ""),
        }
        self.pk = self.scope["url_route"]["kwargs"]["pk"]
        if not await database_sync_to_async(queries.is_readable)(pk=self.pk, **self.who):
            await self.close(code=4404)
            return
        await self.channel_layer.group_add(progress.group(self.pk), self.channel_name)
        await self.channel_layer.group_add(progress.QUEUE, self.channel_name)
        await self.accept()
        await self.scan_changed({})

    async def disconnect(self, code: int) -> None:
        """Leave the groups."""
        if hasattr(self, "pk"):
            await self.channel_layer.group_discard(progress.QUEUE, self.channel_name)
            await self.channel_layer.group_discard(progress.group(self.pk), self.channel_name)

    async def scan_changed(self, event: dict[str, object]) -> None:
        """Send the progress as it is now."""
        self.sent_at = time.monotonic()
        try:
            await self.send(text_data=await database_sync_to_async(self._fragment)())
        except NotFound:  # a visitor's scan that has become a member's: the page must ask anew as that member
            await self.close(code=4404)

    async def queue_moved(self, event: dict[str, object]) -> None:
        """Somebody else's photo was begun or is done: the place of one that waits is another."""
        if self.waits and time.monotonic() - self.sent_at >= _QUEUE_PAUSE:
            await self.scan_changed(event)

    def _fragment(self) -> str:
        scan, progress = queries.watched(pk=self.pk, **self.who)
        self.waits = progress.place is not None
        context = {"scan": scan, "progress": progress, "is_live": scan.state in states.LIVE, "over_socket": True}
        return render_to_string("scans/partials/told.html", context)
