"""What the admin shows of the versions of recognition: by stage, with index, measured figures and what members confirmed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from apps.core.models import AuditEntry
from apps.scans import comparison, indexing
from apps.scans.comparison import Outcome
from apps.scans.models import ModelVersion

State, Stage = ModelVersion.State, ModelVersion.Stage
_IN_ORDER = (State.ACTIVE, State.CANDIDATE, State.REGISTERED, State.RETIRED)


@dataclass(frozen=True)
class Row:
    """One version. index: of embedders that have one or are getting one."""

    version: ModelVersion
    outcome: Outcome
    index: indexing.Progress | None = None

    @property
    def figures(self) -> list[tuple[str, str]]:
        """What was measured when it was made, as words and numbers."""
        return [(name.replace("_", " "), shown(value)) for name, value in flat(self.version.figures)]


@dataclass(frozen=True)
class Page:
    """One version with the one in service beside it. since: when its trial began, where both saw scans side by side."""

    row: Row
    serving: Row | None
    since: dt.datetime | None
    record: list[tuple[str, str]]
    trail: list[AuditEntry]

    @property
    def verdict(self) -> str:
        """How it compares with the one in service, as far as the cards tell; empty where there is nothing to compare."""
        if self.serving is None or self.serving.version.pk == self.row.version.pk or not self.row.outcome.cards:
            return ""
        return self.row.outcome.against(self.serving.outcome)


def stages() -> list[tuple[str, list[Row]]]:
    """Every stage's versions, what is in service first: six queries whatever there is."""
    outcomes, by_stage = comparison.outcomes(), {stage: [] for stage in Stage}
    versions = list(ModelVersion.objects.all())
    indexed = _indexes(versions)
    for version in sorted(versions, key=lambda v: (_IN_ORDER.index(State(v.state)), -v.created_at.timestamp())):
        outcome = outcomes.get((version.stage, version.version), Outcome())
        by_stage[Stage(version.stage)].append(Row(version, outcome, indexed.get(version.pk)))
    return [(str(stage.label), rows) for stage, rows in by_stage.items() if rows]


def page(version: ModelVersion) -> Page:
    """One version's page. A trial is compared over the scans since it began, any other over all."""
    since = version.trial_began_at if version.state == State.CANDIDATE else None
    outcomes = comparison.outcomes(since=since)
    active = ModelVersion.objects.filter(stage=version.stage, state=State.ACTIVE).first()
    indexed = _indexes([each for each in (version, active) if each is not None])

    def row(each: ModelVersion) -> Row:
        return Row(each, outcomes.get((each.stage, each.version), Outcome()), indexed.get(each.pk))

    trail = AuditEntry.objects.filter(target_type=version._meta.label_lower, target_id=str(version.pk))
    return Page(
        row=row(version),
        serving=row(active) if active else None,
        since=since,
        record=[(name.replace("_", " "), shown(value)) for name, value in flat(version.record)],
        trail=list(trail.order_by("-at")[:20]),
    )


def _indexes(versions: list[ModelVersion]) -> dict[object, indexing.Progress]:
    embedders = {version.version: version.pk for version in versions if version.stage == Stage.EMBED}
    if not embedders:
        return {}
    found = indexing.progress_of(list(embedders))
    kept = {version.pk for version in versions if version.is_indexed}
    return {pk: found[name] for name, pk in embedders.items() if pk in kept or found[name].done}


def flat(told: dict[str, object], before: str = "") -> list[tuple[str, object]]:
    """Nested figures as one list of names and values."""
    found: list[tuple[str, object]] = []
    for name, value in told.items():
        if isinstance(value, dict):
            found += flat(value, f"{before}{name}, ")
        else:
            found.append((f"{before}{name}", value))
    return found


def shown(value: object) -> str:
    """A figure as people write it."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return ", ".join(shown(each) for each in value)
    return str(value)
