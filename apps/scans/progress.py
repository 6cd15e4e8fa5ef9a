"""Live progress of scans: who follows one is told that it changed, and asks the site for how far it is."""

import uuid

from apps.live.pushing import push_all


def tell(*scan_ids: uuid.UUID, queue: bool = False) -> None:
    """Say that something changed about these scans, and with `queue` to all that wait. Liveness only."""
    told = [(f"scan:{scan_id}", "changed", None) for scan_id in scan_ids]
    if queue and scan_ids:
        told.append(("scan-queue:all", "moved", None))
    push_all(told)
