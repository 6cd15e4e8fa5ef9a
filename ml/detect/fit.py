"""Outlines made exact by the fitting net: a close-up of each tells the corners, which end is up, whether it is a card."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ml import runtime
from ml.detect.closeup import close_up, moved
from ml.types import Floats, Picture

ROUNDS = 2
"""Close-ups of each outline: the second starts from what the first found."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """One outline as the net leaves it. corners: (4, 2) in photo pixels, from the card's own top left; chances in 0..1.

    upright: that the card begins there. card: that there is one. back: that it lies on its face.
    """

    corners: Floats
    upright: float
    card: float
    back: float


class Fitter:
    """Fits outlines with the weights of `ml/weights/fit-*.onnx`."""

    def __init__(
        self, *, version: str | None = None, backend: str = "onnx", threads: int = 0, folder: Path | None = None
    ) -> None:
        """Raises `ml.runtime.CannotLoad` where the weights are missing or damaged."""
        self._model = runtime.load("fit", version, backend=backend, threads=threads, folder=folder)
        self.version = f"fit-{self._model.version}"

    def fit(self, photo: Picture, outlines: Sequence[Floats]) -> list[Fitted]:
        """One answer per outline (4, 2), in their order. An outline that the net would tear apart stays as it was."""
        corners = [np.asarray(outline, np.float32) for outline in outlines]
        if not corners:
            return []
        for _ in range(ROUNDS):
            views = np.stack([close_up(photo, outline) for outline in corners])
            pixels = views.astype(np.float32).transpose(0, 3, 1, 2) / np.float32(127.5) - np.float32(1)
            (answers,) = self._model.run(np.ascontiguousarray(pixels))
            corners = [_moved(outline, answer) for outline, answer in zip(corners, answers, strict=True)]
        return [_begun(outline, answer) for outline, answer in zip(corners, answers, strict=True)]


def _moved(outline: Floats, answer: Floats) -> Floats:
    fitted = moved(outline, answer[:8].reshape(4, 2).clip(-0.35, 0.35))
    sound = cv2.isContourConvex(fitted[:, None]) and cv2.contourArea(fitted, oriented=True) > 0
    return fitted if sound else outline


def _begun(outline: Floats, answer: Floats) -> Fitted:
    turns = np.exp(answer[8:12] - answer[8:12].max())
    turns /= turns.sum()
    turn = int(turns.argmax())
    card, back = (float(1 / (1 + np.exp(-np.clip(logit, -30, 30)))) for logit in answer[12:14])
    # close-ups are turned by `turn` corners from the card's own top left; turning back begins there again
    return Fitted(np.roll(outline, -turn, axis=0), float(turns[turn]), card, back)
