"""How an alert is told that another room's finding makes: kept, and stated as a fact."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from apps.alerts.events import AlertTriggered
from apps.alerts.models import Alert
from apps.core.outbox import emit_all


def tell(found: Iterable[tuple[Alert, uuid.UUID]]) -> int:
    """Keep these alerts, in the caller's transaction; how many there are. Emits: alert.triggered.

    found: each with the id of what its owner asked to be told of: a search, a want, a watch.
    """
    pairs = list(found)
    alerts = Alert.objects.bulk_create([alert for alert, _ in pairs])
    emit_all(
        [
            AlertTriggered(alert_id=alert.pk, rule_id=asked, owner_id=alert.owner_id, kind=alert.kind, at=alert.at)
            for alert, (_, asked) in zip(alerts, pairs, strict=True)
        ]
    )
    return len(alerts)
