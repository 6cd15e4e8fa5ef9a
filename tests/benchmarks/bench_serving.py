"""How fast the nets that ship run: photos or cards a second by backend and batch, against what the machine's arithmetic allows.

Ratios: a batch against one at a time; int8 against float32; a GPU's rate against that of its own largest matrix products
(the arithmetic a net needs, counted by torch, over what the device does in a second on 8,192-wide products).
"""

from __future__ import annotations

import importlib
import importlib.util
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from ml import runtime
from ml.types import Floats
from tests.benchmarks.sizes import Size, of

SIZES = {Size.TINY: (0.0, (1, 2), 1), Size.USUAL: (1.5, (1, 2, 4, 8), 15)}
"""How long each is measured at the least, batches on a CPU, and turns of both precisions."""
GPU_SECONDS, GPU_BATCHES = 1.5, (1, 8, 32, 128)
SIDE = 512
"""Of inputs whose size may change, unless the record names the one that is served (config.served_size: height, width)."""


def per_second(work: Callable[[], object], items: int, seconds: float) -> float:
    """Items a second, after a first call that may still allocate."""
    work()
    done, began = 0, time.perf_counter()
    while not done or time.perf_counter() - began < seconds:
        work()
        done += items
    return done / (time.perf_counter() - began)


def inputs_of(weights: runtime.Weights, batch: int) -> Floats:
    """Noise of the shape that the net is served."""
    height, width = weights.record.get("config", {}).get("served_size", (SIDE, SIDE))
    defaults = (batch, 3, height, width)
    shape = [size or default for size, default in zip(weights.record["input"], defaults, strict=True)]
    return np.random.default_rng(1).random([batch, *shape[1:]], np.float32)


def rates_of(
    model: runtime.Model, weights: runtime.Weights, batches: tuple[int, ...], seconds: float
) -> dict[int, float]:
    """Items a second by batch."""
    rates = {}
    for n in batches:
        batch = inputs_of(weights, n)
        rates[n] = per_second(lambda batch=batch: model.run(batch), n, seconds)
    return rates


def on_cpu(weights: runtime.Weights, batches: tuple[int, ...], seconds: float) -> dict[str, object]:
    """Rates of ONNX Runtime on one thread and two."""
    told: dict[str, object] = {}
    for threads in (1, 2):
        model = runtime.load(weights.stage, weights.version, threads=threads, precision="float32")
        rates = rates_of(model, weights, batches, seconds)
        told[f"{threads} thread{'s' * (threads > 1)}"] = {
            "per second by batch": {str(n): round(rate, 1) for n, rate in rates.items()},
            "ratio of the best batch to one at a time": round(max(rates.values()) / rates[1], 2),
        }
    return told


def in_eight_bits(weights: runtime.Weights, turns: int) -> dict[str, object]:
    """What the copy in eight bits brings here, taking turns with float32, and how far its answers are from those."""
    batch = inputs_of(weights, 1)
    plain, small = (
        runtime.load(weights.stage, weights.version, threads=1, precision=precision)
        for precision in ("float32", "int8")
    )
    wanted, answers = plain.run(batch), small.run(batch)
    moved = [float(np.abs(a - b).max() / (np.abs(a).max() + 1e-9)) for a, b in zip(wanted, answers, strict=True)]
    seconds: dict[str, list[float]] = {"float32": [], "int8": []}
    for _ in range(turns):
        for model in (plain, small):
            began = time.perf_counter()
            model.run(batch)
            seconds[model.precision].append(time.perf_counter() - began)
    return {
        "fast instructions": runtime.multiplies_eight_bits_fast(),
        "ratio to float32": round(statistics.median(seconds["float32"]) / statistics.median(seconds["int8"]), 2),
        "largest change of an answer": round(max(moved), 4),
    }


def on_gpu(weights: runtime.Weights, arithmetic: float) -> dict[str, object]:
    """Rates of the torch backend in half precision; `arithmetic`: operations a second of the device's matrix products."""
    import torch

    model = runtime.load(weights.stage, weights.version, backend="torch")
    rates = rates_of(model, weights, GPU_BATCHES, GPU_SECONDS)
    net = importlib.import_module(f"ml.nets.{weights.stage}").build(folded=True).eval().half().cuda()
    net = net.to(memory_format=torch.channels_last)
    batch = torch.from_numpy(inputs_of(weights, GPU_BATCHES[-1])).cuda().half().to(memory_format=torch.channels_last)

    def forward() -> None:
        with torch.inference_mode():
            net(batch)
        torch.cuda.synchronize()

    alone = per_second(forward, len(batch), GPU_SECONDS)
    needed = operations(net, batch[:1])
    return {
        "per second by batch": {str(n): round(rate, 1) for n, rate in rates.items()},
        "ratio of the best batch to one at a time": round(max(rates.values()) / rates[1], 2),
        "operations for one": needed,
        "ratio to the arithmetic, net alone": round(alone * needed / arithmetic, 4),
        "ratio to the arithmetic, with the way there and back": round(max(rates.values()) * needed / arithmetic, 4),
        "memory MB": round(torch.cuda.max_memory_allocated() / 2**20),
    }


def operations(net: Any, batch: Any) -> int:
    """Multiplications and additions of one forward pass, as torch counts them."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(batch)
    return int(counter.get_total_flops())


def arithmetic_of_gpu() -> float:
    """Operations a second of square half-precision products, 8,192 wide."""
    import torch

    side = 8192
    a, b = (torch.randn(side, side, device="cuda", dtype=torch.float16) for _ in range(2))

    def work() -> None:
        for _ in range(20):
            a @ b
        torch.cuda.synchronize()

    return per_second(work, 20, GPU_SECONDS) * 2 * side**3


def has_gpu() -> bool:
    """Whether torch is installed and sees one."""
    if importlib.util.find_spec("torch") is None:
        return False
    import torch

    return bool(torch.cuda.is_available())


def run(size: Size = Size.USUAL) -> dict[str, object]:
    """The newest version of each stage that ships."""
    told: dict[str, object] = {}
    seconds, batches, turns = of(SIZES, size)
    arithmetic = arithmetic_of_gpu() if size is not Size.TINY and has_gpu() else 0.0
    for stage in ("detect", "embed", "grade"):
        if not runtime.versions(stage):
            print(f"  {stage}: no weights ship")
            continue
        weights = runtime.weights(stage)
        figures: dict[str, object] = {
            "input": list(inputs_of(weights, 1).shape),
            "CPU": on_cpu(weights, batches, seconds),
        }
        if "int8" in weights.record:
            figures["int8 on one thread"] = in_eight_bits(weights, turns)
        if arithmetic:
            figures["GPU"] = on_gpu(weights, arithmetic)
        told[f"{stage}-{weights.version}"] = figures
        print(f"  {stage}-{weights.version}: {figures}")
    told["memory MB"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return told


if __name__ == "__main__":
    run()
