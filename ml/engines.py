"""The engines that CardVault runs with by default, joined into a pipeline. Loading them here is slow on purpose: once."""

from ml.detect.contours import ContourDetector
from ml.fuse import LogOddsFuser
from ml.hashing import HashEmbedder
from ml.interfaces import Catalogue, ReferenceIndex
from ml.pipeline import Pipeline
from ml.read import OcrReader
from ml.rectify import PerspectiveRectifier
from ml.verify import KeypointVerifier


def default_pipeline(index: ReferenceIndex | None, catalogue: Catalogue | None, *, threads: int = 0) -> Pipeline:
    """A pipeline over your references and catalogue. Keep it: it remembers loaded models and references' keypoints.

    threads: for reading text; 0 leaves it to the runtime.
    """
    return Pipeline(
        detector=ContourDetector(),
        rectifier=PerspectiveRectifier(),
        embedder=HashEmbedder(),
        fuser=LogOddsFuser(),
        index=index,
        catalogue=catalogue,
        reader=OcrReader(threads=threads),
        verifier=KeypointVerifier(),
    )


def versions() -> dict[str, str]:
    """The version of each default engine, by stage."""
    return default_pipeline(None, None).versions
