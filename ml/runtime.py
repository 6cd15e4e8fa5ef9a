"""Runs the shipped nets: ONNX Runtime on the CPU, or torch (half precision on a GPU), from one weights file each."""

import functools
import hashlib
import importlib
import importlib.util
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ml.types import Floats

SHIPPED = Path(__file__).parent / "weights"
BACKENDS = ("onnx", "torch")
PRECISIONS = ("auto", "float32", "int8")
EIGHT_BITS = "-int8"
"""At the end of the name of a net's copy in eight bits, see `ml.train.quantise`."""

_Forward = Callable[[Floats], tuple[Floats, ...]]
_PIXELS_AT_ONCE = {"onnx": 4_000_000, "torch": 4_000_000, "cuda": 32_000_000}
"""Rows of a batch are run together up to this many input pixels, which bounds what their activations take."""


class CannotLoad(RuntimeError):
    """A net cannot be had; the message says which and what to do."""


class WeightsMissing(CannotLoad):
    """No such file."""


class WeightsDamaged(CannotLoad):
    """The file is not the one that its record describes, or does not fit the net."""


class UnknownBackend(CannotLoad):
    """Neither onnx nor torch."""


class BackendMissing(CannotLoad):
    """The backend's packages are not installed."""


@dataclass(frozen=True, slots=True)
class Weights:
    """One weights file. record: what `ml.train.export` wrote beside it (trained_on, figures, limits ...)."""

    stage: str
    version: str
    path: Path
    record: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded net. device: cpu or cuda; precision: float32, float16 or int8. Safe to use from several threads."""

    stage: str
    version: str
    backend: str
    device: str
    precision: str
    record: Mapping[str, Any] = field(repr=False)
    _forward: _Forward = field(repr=False)

    def run(self, batch: Floats) -> tuple[Floats, ...]:
        """The net's outputs, float32, one row per row of `batch`: float32 (n, channels, height, width), n at least 1.

        Large batches are run in parts. Raises ValueError for another shape or type.
        """
        if batch.ndim != 4 or batch.dtype != np.float32 or not len(batch):
            raise ValueError(f"A batch is float32 (n, channels, height, width), not {batch.dtype} {batch.shape}.")
        pixels = _PIXELS_AT_ONCE["cuda" if self.device == "cuda" else self.backend]
        step = max(1, pixels // (batch.shape[2] * batch.shape[3]))
        parts = [self._forward(np.ascontiguousarray(batch[i : i + step])) for i in range(0, len(batch), step)]
        return parts[0] if len(parts) == 1 else tuple(np.concatenate(rows) for rows in zip(*parts, strict=True))


def name_of(stage: str, version: str) -> str:
    """A weights file's name without its ending. Raises ValueError where it would not be one."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", stage) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._]*", version):
        raise ValueError(f"A stage is a word, a version letters, digits and dots: not {stage!r} {version!r}.")
    return f"{stage}-{version}"


def versions(stage: str, folder: Path = SHIPPED) -> list[str]:
    """The versions of a stage that lie in a folder, oldest first (2 before 10)."""
    names = [path.stem for path in folder.glob(f"{stage}-*.onnx") if not path.stem.endswith(EIGHT_BITS)]
    found = [name.removeprefix(f"{stage}-") for name in names]
    return sorted(
        found, key=lambda v: [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in re.findall(r"\d+|\D+", v)]
    )


def weights(stage: str, version: str | None = None, *, folder: Path | None = None) -> Weights:
    """Where a net lies, and its record, without loading it.

    folder: looked into before what is shipped. version None: the newest that is shipped, or, where none is, the newest
    of `folder`. Raises WeightsMissing, WeightsDamaged (an unreadable record).
    """
    folders = [folder, SHIPPED] if folder is not None and folder != SHIPPED else [SHIPPED]
    if version is None:
        known = next((found for place in reversed(folders) if (found := versions(stage, place))), None)
        if known is None:
            raise WeightsMissing(f"No weights of {stage} are in {_listed(folders)}.")
        version = known[-1]
    name = name_of(stage, version)
    path = next((place / f"{name}.onnx" for place in folders if (place / f"{name}.onnx").is_file()), None)
    if path is None:
        there = sorted({v for place in folders for v in versions(stage, place)})
        raise WeightsMissing(
            f"{name}.onnx is not in {_listed(folders)}; of {stage} there is: {', '.join(there) or 'nothing'}."
        )
    try:
        record = json.loads(path.with_suffix(".json").read_text())
    except (OSError, ValueError) as error:
        raise WeightsDamaged(f"The record {name}.json beside {path} cannot be read.") from error
    return Weights(stage, version, path, record)


def load(
    stage: str,
    version: str | None = None,
    *,
    backend: str = "onnx",
    threads: int = 0,
    folder: Path | None = None,
    precision: str = "auto",
) -> Model:
    """A net ready to run. Keep it: loading takes a second.

    stage: detect, embed or grade. version, folder: as in `weights`. backend: onnx (CPU) or torch (a GPU in half
    precision where there is one, else the CPU). threads: for the CPU; 0 leaves it to the backend. precision: of onnx; auto takes
    the copy in eight bits where there is one and the processor is fast with it, whose answers differ a little.
    Raises WeightsMissing, WeightsDamaged, UnknownBackend, BackendMissing.
    """
    if backend not in BACKENDS:
        raise UnknownBackend(f"The backend is one of {', '.join(BACKENDS)}, not {backend!r}.")
    found = weights(stage, version, folder=folder)
    if precision not in PRECISIONS:
        raise ValueError(f"The precision is one of {', '.join(PRECISIONS)}, not {precision!r}.")
    if backend == "onnx" and (precision == "int8" or (precision == "auto" and _is_worth_eight_bits(found))):
        return Model(stage, found.version, backend, "cpu", "int8", found.record, _onnx(_eight_bits(found), threads))
    content = _checked(found.path, found.record)
    if backend == "onnx":
        return Model(stage, found.version, backend, "cpu", "float32", found.record, _onnx(content, threads))
    forward, device = _torch(stage, content, threads)
    return Model(
        stage, found.version, backend, device, "float16" if device == "cuda" else "float32", found.record, forward
    )


def _is_worth_eight_bits(found: Weights) -> bool:
    return "int8" in found.record and multiplies_eight_bits_fast()


def _eight_bits(found: Weights) -> bytes:
    path = found.path.with_name(f"{found.path.stem}{EIGHT_BITS}.onnx")
    if "int8" not in found.record or not path.is_file():
        raise WeightsMissing(f"There is no copy of {found.path.name} in eight bits.")
    return _checked(path, found.record["int8"])


def _checked(path: Path, record: Mapping[str, Any]) -> bytes:
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != record.get("sha256"):
        raise WeightsDamaged(f"{path} is not the file that its record describes; fetch it again.")
    return content


@functools.cache
def multiplies_eight_bits_fast() -> bool:
    """Whether the processor has instructions for it (VNNI, AMX; dot products on ARM); elsewhere float32 is faster."""
    try:
        told = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return bool(re.search(r"\b(avx512_vnni|avx_vnni|amx_int8|asimddp)\b", told))


def _listed(folders: list[Path]) -> str:
    return " or ".join(str(folder) for folder in folders)


def _onnx(content: bytes, threads: int) -> _Forward:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # its threads would spin for a while after each run, and take the cores from whatever comes next
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda batch: tuple(session.run(None, {name: batch}))


def _torch(stage: str, content: bytes, threads: int) -> tuple[_Forward, str]:
    """The module of `ml.nets.<stage>` with the file's parameters: float32 on the CPU, float16 channels-last on a GPU."""
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("onnx") is None:
        raise BackendMissing("The torch backend needs the packages of requirements/ml.in; install them, or use onnx.")
    if importlib.util.find_spec(f"ml.nets.{stage}") is None:
        raise CannotLoad(f"There is no net of {stage} in ml/nets.")
    import torch

    net = importlib.import_module(f"ml.nets.{stage}").build(folded=True).eval().requires_grad_(False)
    state = {name: torch.from_numpy(array.astype(np.float32)) for name, array in _parameters(content)}
    try:
        missing, _ = net.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise WeightsDamaged(f"The weights do not fit the net of {stage}: {error}") from error
    lost = sorted(set(missing) & {name for name, _ in net.named_parameters()})
    if lost:
        raise WeightsDamaged(f"The weights of {stage} lack {', '.join(lost)}.")
    if threads:
        torch.set_num_threads(threads)
    cuda = torch.cuda.is_available()
    if cuda:
        net = net.half().to("cuda", memory_format=torch.channels_last)
    return functools.partial(_torch_forward, net, cuda), "cuda" if cuda else "cpu"


def _torch_forward(net: Any, cuda: bool, batch: Floats) -> tuple[Floats, ...]:
    import torch

    with torch.inference_mode():
        pixels = torch.from_numpy(batch)
        if cuda:
            # halved on the GPU: the CPU takes longer to convert than the bus to carry twice the bytes
            pixels = pixels.pin_memory().to("cuda", non_blocking=True)
            pixels = pixels.to(torch.float16, memory_format=torch.channels_last)
        # sums and norms stay in float32, where half precision would overflow
        with torch.autocast("cuda", torch.float16, enabled=cuda):
            answers = net(pixels)
        answers = answers if isinstance(answers, tuple | list) else (answers,)
        return tuple(answer.float().cpu().numpy() for answer in answers)


def _parameters(content: bytes) -> Iterator[tuple[str, np.ndarray]]:
    import onnx
    from onnx import numpy_helper

    for tensor in onnx.load_model_from_string(content).graph.initializer:
        yield tensor.name, numpy_helper.to_array(tensor)
