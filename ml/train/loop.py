"""The training loop that every model shares: seeded, resumable, with a moving average of the weights and a line of progress.

A batch is a pure function of the seed and its number, so a run that was stopped and resumed sees what an unbroken one sees.
"""

import argparse
import math
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

Batch = dict[str, torch.Tensor]
MakeBatch = Callable[[np.random.Generator], Mapping[str, np.ndarray]]
Loss = Callable[[torch.nn.Module, Batch], tuple[torch.Tensor, dict[str, float]]]


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast. steps: optimiser steps in all; warmup: the first of them, with a rising rate.

    threads: of torch on the CPU, 0 leaves it to torch; generators: processes that make batches ahead, 0 makes them in place.
    """

    seed: int = 1
    steps: int = 10_000
    learning_rate: float = 1e-3
    warmup: int = 200
    weight_decay: float = 1e-4
    average: float = 0.999
    clip: float = 5.0
    minutes_between_checkpoints: float = 2.0
    threads: int = 0
    generators: int = 1


def read_config(path: Path) -> dict[str, Any]:
    """The TOML file of a run; its table `schedule` makes a `Schedule`. Raises ValueError on a setting that does not exist."""
    config = tomllib.loads(path.read_text())
    known = {field.name for field in fields(Schedule)}
    unknown = set(config.get("schedule", {})) - known
    if unknown:
        raise ValueError(
            f"{path}: unknown in [schedule]: {', '.join(sorted(unknown))}. Known: {', '.join(sorted(known))}."
        )
    return config


def command_line(about: str | None, *, stage: str, backgrounds: str) -> argparse.ArgumentParser:
    """What every run that uses photographs of other things is told. backgrounds: help for what it uses them for."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--data", type=Path, help="folder with cards/refs.csv; without it only drawn cards are seen")
    parser.add_argument("--backgrounds", type=Path, help=backgrounds)
    parser.add_argument("--out", type=Path, default=Path("build/train", stage), help="checkpoint and weights")
    parser.add_argument("--start", type=Path, help="checkpoint of another run to begin from")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--export-only", action="store_true", help="export the checkpoint as it is")
    return parser


class _Batches(Dataset):  # type: ignore[type-arg]
    """Batch number n, made from (seed, n)."""

    def __init__(self, make: MakeBatch, seed: int, steps: int) -> None:
        self.make, self.seed, self.steps = make, seed, steps

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, number: int) -> Batch:
        made = self.make(np.random.default_rng([self.seed, number]))
        return {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in made.items()}


class Training:
    """A module on its way from step 0 to `schedule.steps`, kept in `out`/checkpoint.pt."""

    def __init__(
        self, build: Callable[[], torch.nn.Module], schedule: Schedule, out: Path, *, device: str | None = None
    ) -> None:
        """build: makes the module; it is called here so that its first weights follow from the seed."""
        torch.manual_seed(schedule.seed)
        module = build()
        if schedule.threads:
            torch.set_num_threads(schedule.threads)
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.module = module.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.averaged = torch.optim.swa_utils.AveragedModel(
            self.module, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(schedule.average), use_buffers=True
        )
        decayed = [p for p in module.parameters() if p.ndim > 1]
        plain = [p for p in module.parameters() if p.ndim <= 1]
        self.optimiser = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": schedule.weight_decay}, {"params": plain, "weight_decay": 0.0}],
            lr=schedule.learning_rate,
        )
        self.schedule, self.out, self.step = schedule, out, 0
        self.seconds = 0.0

    @property
    def checkpoint(self) -> Path:
        """Where the run is kept."""
        return self.out / "checkpoint.pt"

    def resume(self) -> bool:
        """Go on from the checkpoint. False where there is none."""
        if not self.checkpoint.exists():
            return False
        kept = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        self.module.load_state_dict(kept["module"])
        self.averaged.load_state_dict(kept["averaged"])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.step, self.seconds = kept["step"], kept["seconds"]
        return True

    def begin(self, told: argparse.Namespace) -> None:
        """Begin where a `command_line` says: where this run stopped, from another run's weights, or anew."""
        if (told.resume or told.export_only) and self.resume():
            print(f"at step {self.step}", flush=True)
        elif told.start:
            print(f"new: {', '.join(self.start_from(told.start)) or 'nothing'}", flush=True)

    def start_from(self, checkpoint: Path) -> list[str]:
        """Begin at step 0 with the averaged weights of another run. Returns the names of weights that it does not have.

        Raises FileNotFoundError, and RuntimeError where the shapes of the two nets differ.
        """
        kept = torch.load(checkpoint, map_location=self.device, weights_only=True)["averaged"]
        weights = {name.removeprefix("module."): value for name, value in kept.items() if name.startswith("module.")}
        missing = self.module.load_state_dict(weights, strict=False).missing_keys
        self.averaged.module.load_state_dict(self.module.state_dict())
        return list(missing)

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        self.out.mkdir(parents=True, exist_ok=True)
        part = self.checkpoint.with_suffix(".part")
        torch.save(
            {
                "module": self.module.state_dict(),
                "averaged": self.averaged.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "step": self.step,
                "seconds": self.seconds,
            },
            part,
        )
        part.replace(self.checkpoint)

    def rate(self, step: int) -> float:
        """Learning rate at a step: linear warm-up, then half a cosine down to a hundredth (Loshchilov and Hutter, 2017)."""
        s = self.schedule
        if step < s.warmup:
            return s.learning_rate * (step + 1) / s.warmup
        share = (step - s.warmup) / max(1, s.steps - s.warmup)
        return s.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, share))))

    def run(self, make: MakeBatch, loss: Loss, *, until: int | None = None) -> torch.nn.Module:
        """Train to the end, or `until` a step, and return the module with averaged weights, in evaluation mode."""
        last = min(self.schedule.steps, until or self.schedule.steps)
        batches = DataLoader(
            _Batches(make, self.schedule.seed, last),
            batch_size=None,
            sampler=range(self.step, last),
            num_workers=self.schedule.generators,
            prefetch_factor=4 if self.schedule.generators else None,
        )
        began = saved = shown = time.monotonic()
        before, first = self.seconds, self.step
        self.module.train()
        running: dict[str, float] = {}
        for batch in batches:
            for name, value in self._one(batch, loss).items():
                running[name] = 0.98 * running.get(name, value) + 0.02 * value
            self.step += 1
            now = time.monotonic()
            self.seconds = before + now - began
            if now - shown > 15 or self.step == last:
                self._show(running, (now - began) / max(1, self.step - first) * (last - self.step))
                shown = now
            if now - saved > 60 * self.schedule.minutes_between_checkpoints:
                self.save()
                saved = now
        self.save()
        return self.averaged.module.eval()

    def _one(self, batch: Batch, loss: Loss) -> dict[str, float]:
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate(self.step)
        moved = {name: values.to(self.device, non_blocking=True) for name, values in batch.items()}
        value, parts = loss(self.module, moved)
        self.optimiser.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(self.module.parameters(), self.schedule.clip)
        self.optimiser.step()
        self.averaged.update_parameters(self.module)
        return {"loss": float(value.detach()), **parts}

    def _show(self, running: Mapping[str, float], left: float) -> None:
        parts = "  ".join(f"{name} {value:.4f}" for name, value in running.items())
        print(f"step {self.step}/{self.schedule.steps}  {parts}  {left / 60:.0f} min left", flush=True)
