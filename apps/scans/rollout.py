"""Which version of each stage looks at which scan: the states of a version, its share of scans, what is in service now.

Reads and pure functions; what moderators do with versions is in actions/versions.py.
"""

from __future__ import annotations

import hashlib
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings

from apps.core.errors import Conflict
from apps.scans.models import ModelVersion

State = ModelVersion.State

TRANSITIONS: dict[str, dict[str, str]] = {
    State.REGISTERED: {"try": State.CANDIDATE},
    State.CANDIDATE: {"promote": State.ACTIVE, "withdraw": State.REGISTERED},
    State.ACTIVE: {"replace": State.RETIRED},
    State.RETIRED: {"try": State.CANDIDATE, "restore": State.ACTIVE},
}
"""state -> {what is done with a version: next state}. One version of a stage is active, and at most one on trial."""

_WORDS = {
    "try": "begin a trial with",
    "promote": "put into service",
    "withdraw": "end the trial of",
    "replace": "retire",
    "restore": "bring back",
}


class WrongState(Conflict):
    """The version is not where the step begins."""

    code = "WRONG_STATE"


def after(version: ModelVersion, step: str) -> str:
    """The state to which a step leads. Raises WrongState."""
    following = TRANSITIONS[State(version.state)].get(step)
    if following is None:
        raise WrongState(
            f"It is not possible to {_WORDS[step]} {version}: it is {version.get_state_display().lower()}."
        )
    return following


def place_of(scan_id: uuid.UUID, *, stage: str, version: str) -> float:
    """Where in [0, 100) a scan falls for a version: the same on every machine and at every look, evenly spread.

    A scan whose place is below the share sees the version, so a growing share only adds scans, and two versions' trials
    choose independently. The first 52 bits of SHA-256 over stage, version and id, which a float holds exactly.
    """
    digest = hashlib.sha256(f"{stage}\n{version}\n{scan_id}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 12) / 2**52 * 100


def sees_trial(scan_id: uuid.UUID, *, stage: str, version: str, share: int) -> bool:
    """Whether a scan is one of the `share` percent that a version on trial looks at."""
    return place_of(scan_id, stage=stage, version=version) < share


@dataclass(frozen=True)
class Service:
    """What is in service. active: version by stage. trials: version and percent of scans by stage."""

    active: Mapping[str, str] = field(default_factory=dict)
    trials: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    def versions_for(self, scan_id: uuid.UUID) -> dict[str, str]:
        """The version of each stage that is chosen for a scan; stages that nobody has chosen for are left out."""
        chosen = dict(self.active)
        for stage, (version, share) in self.trials.items():
            if sees_trial(scan_id, stage=stage, version=version, share=share):
                chosen[stage] = version
        return chosen


_lock = threading.Lock()
_held: tuple[float, Service] | None = None


def in_service() -> Service:
    """What is in service now, at most MODEL_VERSIONS_KEPT_SECONDS old: so soon every worker follows a change."""
    global _held
    with _lock:
        if _held is None or time.monotonic() - _held[0] >= settings.MODEL_VERSIONS_KEPT_SECONDS:
            _held = (time.monotonic(), _read())
        return _held[1]


def _read() -> Service:
    rows = ModelVersion.objects.filter(state__in=[State.ACTIVE, State.CANDIDATE])
    active: dict[str, str] = {}
    trials: dict[str, tuple[str, int]] = {}
    for stage, version, state, share in rows.values_list("stage", "version", "state", "share"):
        if state == State.ACTIVE:
            active[stage] = version
        elif share:
            trials[stage] = (version, share)
    return Service(active, trials)


def kept_embedders() -> list[str]:
    """The embedders whose index is kept up with new pictures: in service, on trial, and what a rollback brings back.

    The one in service comes first.
    """
    rows = ModelVersion.objects.filter(stage=ModelVersion.Stage.EMBED)
    active = rows.filter(state=State.ACTIVE).select_related("replaces").first()
    trial = rows.filter(state=State.CANDIDATE).first()
    former = active.replaces if active and active.replaces and active.replaces.is_indexed else None
    return [row.version for row in (active, trial, former) if row is not None]
