"""The engines that CardVault can run, by stage and version, and a pipeline of chosen ones.

Every version that scans were looked at with stays here as long as it can be gone back to. Making an engine is slow on
purpose (it loads its model): make it once and keep it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml import runtime
from ml.detect.contours import ContourDetector
from ml.fuse import LogOddsFuser
from ml.hashing import HashEmbedder
from ml.interfaces import Catalogue, ReferenceIndex
from ml.pipeline import Pipeline
from ml.read import OcrReader
from ml.rectify import PerspectiveRectifier
from ml.verify import KeypointVerifier


@dataclass(frozen=True, slots=True)
class Setup:
    """How engines are run. threads: on the CPU, 0 leaves it to the engine. backend, folder: see `ml.runtime.load`."""

    threads: int = 0
    backend: str = "onnx"
    folder: Path | None = None


_WRITTEN: dict[str, dict[str, Callable[[Setup], Any]]] = {
    "detect": {ContourDetector.version: lambda setup: ContourDetector()},
    "embed": {HashEmbedder.version: lambda setup: HashEmbedder()},
    "read": {OcrReader.version: lambda setup: OcrReader(threads=setup.threads)},
    "verify": {KeypointVerifier.version: lambda setup: KeypointVerifier()},
    "fuse": {LogOddsFuser.version: lambda setup: LogOddsFuser()},
    "grade": {},
}
"""Engines without weights of ours."""


def _net_detector(version: str, setup: Setup) -> Any:
    from ml.detect.fit import Fitter
    from ml.detect.net import NetDetector
    from ml.detect.trained import TrainedDetector

    def engine(make: Callable[..., Any]) -> Any:
        return make(version=version, backend=setup.backend, threads=setup.threads, folder=setup.folder)

    # the two nets of one version belong together: the second is trained on the first one's errors
    return TrainedDetector(engine(NetDetector), engine(Fitter))


def _net_embedder(version: str, setup: Setup) -> Any:
    from ml.embed import NetEmbedder

    return NetEmbedder(version=version, backend=setup.backend, threads=setup.threads, folder=setup.folder)


def _wear_grader(version: str, setup: Setup) -> Any:
    from ml.grade.grader import WearGrader

    return WearGrader(runtime.load("grade", version, backend=setup.backend, threads=setup.threads, folder=setup.folder))


_LEARNED: dict[str, Callable[[str, Setup], Any]] = {
    "detect": _net_detector,
    "embed": _net_embedder,
    "grade": _wear_grader,
}
"""By stage: makes the engine of a version of our weights. Its `version` is the file's name: `<stage>-<version>`."""

DEFAULTS: dict[str, str] = {
    "detect": "detect-2",
    "embed": "embed-2",
    "read": OcrReader.version,
    "verify": KeypointVerifier.version,
    "fuse": LogOddsFuser.version,
    "grade": "grade-1",
}
"""What runs where nobody has chosen."""

STAGES = tuple(_WRITTEN)


class UnknownEngine(LookupError):
    """This installation has no such version of a stage."""


def versions_of(stage: str, setup: Setup | None = None) -> tuple[str, ...]:
    """The versions of a stage that can be made here."""
    return (*_WRITTEN[stage], *(f"{stage}-{version}" for version in _weights(stage, setup)))


def record_of(stage: str, version: str, setup: Setup | None = None) -> dict[str, Any]:
    """What was written down beside an engine's weights; empty where it has none. Raises `ml.runtime.CannotLoad`."""
    number = version.removeprefix(f"{stage}-")
    if number == version or number not in _weights(stage, setup):
        return {}
    return dict(runtime.weights(stage, number, folder=setup.folder if setup else None).record)


def _weights(stage: str, setup: Setup | None) -> list[str]:
    if stage not in _LEARNED:
        return []
    folders = {runtime.SHIPPED, *([setup.folder] if setup and setup.folder else [])}
    return sorted({version for folder in folders for version in runtime.versions(stage, folder)})


def make(stage: str, version: str, setup: Setup | None = None) -> Any:
    """The engine of a stage.

    Raises UnknownEngine, or what `ml.runtime.load` raises where its weights are damaged.
    """
    setup = setup or Setup()
    maker = _WRITTEN.get(stage, {}).get(version)
    if maker is not None:
        return maker(setup)
    if version not in versions_of(stage, setup):
        there = ", ".join(versions_of(stage, setup)) or "nothing"
        raise UnknownEngine(f"There is no {stage} {version} here, only: {there}.")
    return _LEARNED[stage](version.removeprefix(f"{stage}-"), setup)


def joined(engines: Mapping[str, Any], index: ReferenceIndex | None, catalogue: Catalogue | None) -> Pipeline:
    """A pipeline of engines by stage. What fuses is fitted to what embeds."""
    fuser = engines["fuse"]
    return Pipeline(
        detector=engines["detect"],
        rectifier=PerspectiveRectifier(),
        embedder=engines["embed"],
        fuser=fuser.fitted_to(engines["embed"].version) if isinstance(fuser, LogOddsFuser) else fuser,
        index=index,
        catalogue=catalogue,
        reader=engines.get("read"),
        verifier=engines.get("verify"),
        grader=engines.get("grade"),
    )


def default_pipeline(index: ReferenceIndex | None, catalogue: Catalogue | None, *, threads: int = 0) -> Pipeline:
    """A pipeline over your references and catalogue. Keep it: it remembers loaded models and references' keypoints.

    threads: for each engine that can use several; 0 leaves it to the runtime. It names cards and does not grade them.
    """
    engines = {stage: make(stage, version, Setup(threads)) for stage, version in DEFAULTS.items() if stage != "grade"}
    return joined(engines, index, catalogue)


def versions() -> dict[str, str]:
    """The version of each default engine, by stage."""
    return default_pipeline(None, None).versions
