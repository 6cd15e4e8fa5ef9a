"""Live progress of one scan: each change sends the progress fragment, which htmx puts in its place.

The finished review carries forms with the reader's own token, so that the fragment then asks the page for it.
"""

from __future__ import annotations

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.template.loader import render_to_string

from apps.scans import progress, queries
from apps.scans.views import TOKEN, review_context


class ScanConsumer(AsyncWebsocketConsumer):
    """Watches one scan of the reader's own; others are turned away."""

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
        await self.accept()
        await self.scan_changed({})

    async def disconnect(self, code: int) -> None:
        """Leave the group."""
        if hasattr(self, "pk"):
            await self.channel_layer.group_discard(progress.group(self.pk), self.channel_name)

    async def scan_changed(self, event: dict[str, object]) -> None:
        """Send the progress as it is now."""
        await self.send(text_data=await database_sync_to_async(self._fragment)())

    def _fragment(self) -> str:
        scan = queries.scan_for(pk=self.pk, **self.who)
        return render_to_string("scans/partials/progress.html", review_context(scan))
