"""What can be done with a version of recognition, as the admin offers it: by its state, with its words and its action."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from apps.scans.actions import versions
from apps.scans.models import ModelVersion

State, Stage = ModelVersion.State, ModelVersion.Stage


@dataclass(frozen=True)
class VersionStep:
    """label: on the button. meaning: beside it. told: afterwards, of `version` and `share`."""

    name: str
    label: str
    meaning: str
    told: str
    action: Callable[..., ModelVersion]
    fits: Callable[[ModelVersion], bool]


STEPS = (
    VersionStep(
        "try",
        "Begin a trial",
        "It sees no scan until you give it a share. The index of an embedder is built first, in the background.",
        "{version} is on trial.",
        versions.begin_trial,
        lambda version: version.state in (State.REGISTERED, State.RETIRED),
    ),
    VersionStep(
        "share",
        "Set the share",
        "So many percent of new scans are looked at by it; the same scan always by the same version.",
        "{version} sees {share} % of the scans.",
        versions.set_share,
        lambda version: version.state == State.CANDIDATE,
    ),
    VersionStep(
        "promote",
        "Put into service",
        "Every scan from now on. What it replaces is one step away.",
        "{version} is in service.",
        versions.promote,
        lambda version: version.state == State.CANDIDATE,
    ),
    VersionStep(
        "withdraw",
        "End the trial",
        "Every scan is looked at by the version in service again.",
        "The trial of {version} has ended.",
        versions.withdraw,
        lambda version: version.state == State.CANDIDATE,
    ),
    VersionStep(
        "roll_back",
        "Roll back",
        "The version that this one replaced is in service again at once.",
        "{version} is in service again.",
        versions.roll_back,
        lambda version: version.state == State.ACTIVE and version.replaces_id is not None,
    ),
    VersionStep(
        "prune",
        "Remove its index",
        "Its fingerprints go; a trial builds them anew, and until then there is no way back to it.",
        "The index of {version} is being removed.",
        versions.prune_index,
        lambda version: (
            version.stage == Stage.EMBED and version.is_indexed and version.state in (State.REGISTERED, State.RETIRED)
        ),
    ),
)
