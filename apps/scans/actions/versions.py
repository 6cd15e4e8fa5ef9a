"""What admins do with versions of recognition: try one on a share of scans, put it into service, go back, clear up.

Each step locks the versions of its stage, is refused where a search would have a gap, and leaves its trace in the audit
trail. Running workers follow within MODEL_VERSIONS_KEPT_SECONDS.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit
from apps.core.errors import Conflict, InvalidInput
from apps.scans import indexing, rollout
from apps.scans.models import ModelVersion

State, Stage = ModelVersion.State, ModelVersion.Stage


class NotRunnable(Conflict):
    """The program has lost the engine."""

    code = "NOT_RUNNABLE"


class IndexIncomplete(Conflict):
    """An embedder cannot answer for cards that it has not seen."""

    code = "INDEX_INCOMPLETE"


class OtherTrial(Conflict):
    """One trial at a time and stage, so that a comparison means something."""

    code = "OTHER_TRIAL"


class NothingBefore(Conflict):
    """There is no version to go back to."""

    code = "NOTHING_BEFORE"


class InUse(Conflict):
    """Searches need the index."""

    code = "INDEX_IN_USE"


@transaction.atomic
def begin_trial(*, version: ModelVersion, by: User | None, reason: str = "") -> ModelVersion:
    """Make a version the candidate of its stage. It sees no scan yet; an embedder's index is built in the background.

    Raises WrongState, NotRunnable, OtherTrial.
    """
    version = _locked(version)
    following = rollout.after(version, "try")
    _insist_runnable(version)
    other = ModelVersion.objects.filter(stage=version.stage, state=State.CANDIDATE).first()
    if other is not None:
        raise OtherTrial(f"{other} is on trial already. End that trial first.")
    is_embedder = version.stage == Stage.EMBED
    before = _facts(version)
    version.state, version.share, version.trial_began_at = following, 0, timezone.now()
    version.is_indexed = version.is_indexed or is_embedder
    version.save(update_fields=["state", "share", "trial_began_at", "is_indexed"])
    _note("model.trial_began", version, before, by, reason)
    if is_embedder:
        transaction.on_commit(indexing.keep_up, robust=True)  # the schedule sees to it where the queue is away
    return version


@transaction.atomic
def set_share(*, version: ModelVersion, share: int, by: User | None, reason: str = "") -> ModelVersion:
    """Let a version on trial see `share` percent of the scans.

    Raises InvalidInput, WrongState, NotRunnable, IndexIncomplete.
    """
    if not 0 <= share <= 100:
        raise InvalidInput("The share is a whole number of percent from 0 to 100.", field="share")
    version = _locked(version)
    if version.state != State.CANDIDATE:
        raise rollout.WrongState(f"Only a version on trial has a share of scans; {version} is not on trial.")
    if share:
        _insist_ready(version)
    before = _facts(version)
    if version.share == 0 and share:
        version.trial_began_at = timezone.now()  # what is compared begins with the first scans that it sees
    version.share = share
    version.save(update_fields=["share", "trial_began_at"])
    _note("model.share_set", version, before, by, reason)
    return version


@transaction.atomic
def promote(*, version: ModelVersion, by: User | None, reason: str = "") -> ModelVersion:
    """Put a version on trial into service for every scan; the one before is what a rollback brings back.

    Raises WrongState, NotRunnable, IndexIncomplete.
    """
    version = _locked(version)
    following = rollout.after(version, "promote")
    _insist_ready(version)
    before = _facts(version)
    version.replaces = _retire(version.stage, by, reason)
    _put_into_service(version, following)
    _note("model.promoted", version, before, by, reason)
    return version


@transaction.atomic
def withdraw(*, version: ModelVersion, by: User | None, reason: str = "") -> ModelVersion:
    """End a trial; every scan is looked at by the version in service again. Raises WrongState."""
    version = _locked(version)
    following = rollout.after(version, "withdraw")
    before = _facts(version)
    version.state, version.share = following, 0
    version.save(update_fields=["state", "share"])
    _note("model.withdrawn", version, before, by, reason)
    return version


@transaction.atomic
def roll_back(*, version: ModelVersion, by: User | None, reason: str = "") -> ModelVersion:
    """Bring back what the version in service replaced, at once; returns it.

    Raises WrongState, NothingBefore, NotRunnable, IndexIncomplete.
    """
    version = _locked(version)
    if version.state != State.ACTIVE:
        raise rollout.WrongState(f"Only a version in service is rolled back; {version} is not in service.")
    if version.replaces_id is None:
        raise NothingBefore(f"{version} replaced nothing: there is no version to go back to.")
    former = ModelVersion.objects.get(pk=version.replaces_id)
    following = rollout.after(former, "restore")
    _insist_ready(former)
    before = _facts(former)
    _retire(version.stage, by, reason)
    _put_into_service(former, following)
    _note("model.rolled_back", former, before | {"in service": version.version}, by, reason)
    return former


def prune_index(
    *, version: ModelVersion, by: User | None, reason: str = "", in_background: bool = True
) -> ModelVersion:
    """Give up the index of an embedder that is out of use; its rows go in the background, or are left to the caller.

    Raises InUse, InvalidInput (not an embedder).
    """
    with transaction.atomic():
        version = _locked(version)
        if version.stage != Stage.EMBED:
            raise InvalidInput("Only embedders have an index.")
        if version.state in (State.ACTIVE, State.CANDIDATE):
            raise InUse(f"{version} is {version.get_state_display().lower()}; its index is needed.")
        before = _facts(version)
        version.is_indexed = False
        version.save(update_fields=["is_indexed"])
        _note("model.index_pruned", version, before, by, reason)
        if in_background:
            transaction.on_commit(lambda: _prune_later(version.version), robust=True)
    return version


def _prune_later(engine: str) -> None:
    from apps.scans.tasks import prune_index as task

    task.apply_async([engine], retry=False)


def _locked(version: ModelVersion) -> ModelVersion:
    """The version as it is now; every version of its stage stays locked until the end of the transaction."""
    rows = ModelVersion.objects.select_for_update(no_key=True).filter(stage=version.stage).order_by("pk")
    return next(row for row in rows if row.pk == version.pk)


def _insist_runnable(version: ModelVersion) -> None:
    if not version.is_available:
        raise NotRunnable(f"The installed program cannot run {version}: its weights are not there.")


def _insist_ready(version: ModelVersion) -> None:
    """Runnable, and, for an embedder, able to find every card that the one in service finds."""
    _insist_runnable(version)
    if version.stage != Stage.EMBED:
        return
    if not version.is_indexed:
        raise IndexIncomplete(f"The index of {version} was removed. Begin a trial with it: that builds it anew.")
    progress = indexing.progress(version.version)
    if progress.is_complete:
        return
    if progress.lacking:
        known = progress.pictures - progress.lacking
        raise IndexIncomplete(
            f"The index of {version} is not complete: {progress.lacking} cards that are found now would not be found"
            f" ({known} of {progress.pictures} pictures are done). It is being built in the background; try again later."
        )
    raise IndexIncomplete(f"The search index of {version} is still being built. Try again in a few minutes.")


def _retire(stage: str, by: User | None, reason: str) -> ModelVersion | None:
    """Take the version in service out of it; returns it."""
    former = ModelVersion.objects.filter(stage=stage, state=State.ACTIVE).first()
    if former is not None:
        before = _facts(former)
        former.state = rollout.after(former, "replace")
        former.save(update_fields=["state"])
        _note("model.retired", former, before, by, reason)
    return former


def _put_into_service(version: ModelVersion, state: str) -> None:
    version.state, version.share, version.activated_at = state, 0, timezone.now()
    version.is_indexed = version.stage == Stage.EMBED
    version.save(update_fields=["state", "share", "activated_at", "is_indexed", "replaces"])


def _facts(version: ModelVersion) -> dict[str, object]:
    return {"state": version.state, "share": version.share}


def _note(action: str, version: ModelVersion, before: dict[str, object], by: User | None, reason: str) -> None:
    audit.record(action=action, target=version, by=by, before=before, after=_facts(version), reason=reason)
