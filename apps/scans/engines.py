"""The engines of this process, loaded once and kept: models and references' keypoints stay warm in the worker.

Which versions a scan is looked at with is decided in rollout.py. Pipelines share their engines; of each stage at most
two versions are held, which is what a trial needs.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings

from apps.scans import boxes, rollout
from apps.scans.references import DatabaseIndex, text_catalogue

if TYPE_CHECKING:  # the web loads this module too, and never OpenCV
    from apps.scans.models import Scan
    from ml.engines import Setup
    from ml.identify.strategies import Strategies
    from ml.interfaces import Embedder

log = structlog.get_logger()

MOST_HELD = 2

_lock = threading.Lock()
_held: dict[str, OrderedDict[str, Any]] = {}


def setup() -> Setup:
    """How the settings say that engines are run."""
    from ml.engines import Setup

    folder = Path(settings.VISION_MODELS_DIR) if settings.VISION_MODELS_DIR else None
    return Setup(threads=settings.VISION_THREADS, backend=settings.VISION_BACKEND, folder=folder)


def engine(stage: str, version: str = "") -> Any:
    """One engine of this process; without a version the default one, None where the stage has none.

    A version that cannot be had here (its weights are gone or damaged) is stood in for by the default, and said.
    """
    from ml import engines
    from ml.runtime import CannotLoad

    default = engines.DEFAULTS.get(stage, "")
    if not (version or default):
        return None
    try:
        return _kept(stage, version or default)
    except (engines.UnknownEngine, CannotLoad) as error:
        if version in ("", default):
            raise
        log.error("engine.unavailable", stage=stage, version=version, instead=default, error=str(error))
        return _kept(stage, default) if default else None


def _kept(stage: str, version: str) -> Any:
    from ml import engines

    with _lock:
        held = _held.setdefault(stage, OrderedDict())
        if version not in held:
            held[version] = engines.make(stage, version, setup())
        held.move_to_end(version)
        while len(held) > MOST_HELD:
            held.popitem(last=False)
        return held[version]


def embedder(version: str = "") -> Embedder:
    """What fingerprints are made with; without a version, that of the embedder in service."""
    return engine("embed", version or rollout.in_service().active.get("embed", ""))


def pipeline_of(versions: Mapping[str, str]) -> Strategies:
    """The whole way from a photo to named cards and boxes by these versions, over the catalogue as it is now."""
    from ml import engines

    chosen = {stage: engine(stage, versions.get(stage, "")) for stage in engines.STAGES}
    index = DatabaseIndex(chosen["embed"].version, chosen["embed"].nearness)
    return boxes.strategies(engines.joined(chosen, index, text_catalogue()), engine)


def pipeline() -> Strategies:
    """The versions in service."""
    return pipeline_of(rollout.in_service().active)


def pipeline_for(scan: Scan) -> Strategies:
    """The versions that this scan is looked at with: those in service, or one on trial where the scan is in its share."""
    return pipeline_of(rollout.in_service().versions_for(scan.pk))
