"""Live progress of scans: a nudge over the channel layer; whoever watches renders the scan anew."""

import uuid

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

log = structlog.get_logger()


def group(scan_id: uuid.UUID) -> str:
    """The channel group of those who watch a scan."""
    return f"scan.{scan_id}"


QUEUE = "scans.queue"
"""The channel group of those whose scan waits: what is done for others moves them forward."""


def tell(*scan_ids: uuid.UUID, queue: bool = False) -> None:
    """Say that something changed about these scans, and with `queue` to all that wait.

    Liveness only: a lost nudge loses nothing.
    """
    told = [(group(scan_id), {"type": "scan.changed"}) for scan_id in scan_ids]
    if queue and scan_ids:
        told.append((QUEUE, {"type": "queue.moved"}))
    try:
        async_to_sync(_send)(told)
    except Exception as error:  # noqa: BLE001 - Redis may be away; the page still shows the scan when it is reloaded
        log.warning("scan.nudge_failed", error=str(error))


async def _send(told: list[tuple[str, dict[str, str]]]) -> None:
    layer = get_channel_layer()
    for name, message in told:
        await layer.group_send(name, message)
