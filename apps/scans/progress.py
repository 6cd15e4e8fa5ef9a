"""Live progress of a scan: a nudge over the channel layer; whoever watches renders the scan anew."""

import uuid

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

log = structlog.get_logger()


def group(scan_id: uuid.UUID) -> str:
    """The channel group of those who watch a scan."""
    return f"scan.{scan_id}"


def tell(scan_id: uuid.UUID) -> None:
    """Say that something changed. Liveness only: a lost nudge loses nothing."""
    try:
        async_to_sync(get_channel_layer().group_send)(group(scan_id), {"type": "scan.changed"})
    except Exception as error:  # noqa: BLE001 - Redis may be away; the page still shows the scan when it is reloaded
        log.warning("scan.nudge_failed", error=str(error))
