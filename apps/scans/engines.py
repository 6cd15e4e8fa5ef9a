"""The engines of this process, loaded once and kept: models and references' keypoints stay warm in the worker."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from apps.scans.references import DatabaseIndex, text_catalogue

if TYPE_CHECKING:  # the web loads this module too, and never OpenCV
    from apps.scans.models import Scan
    from ml.interfaces import Embedder
    from ml.pipeline import Pipeline


@lru_cache(maxsize=1)
def embedder() -> Embedder:
    """What fingerprints are made with."""
    from ml.hashing import HashEmbedder

    return HashEmbedder()


@lru_cache(maxsize=1)
def _loaded() -> Pipeline:
    from ml.engines import default_pipeline

    return default_pipeline(DatabaseIndex(embedder().version), None, threads=2)


def pipeline() -> Pipeline:
    """The whole way from a photo to named cards, over the catalogue as it is now."""
    return replace(_loaded(), catalogue=text_catalogue())


def pipeline_for(scan: Scan) -> Pipeline:
    """The engines that this scan is looked at with."""
    return pipeline()
