"""The learned way to compare cards: a vector from the embedding net, beside the perceptual hash."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from ml import runtime
from ml.hashing import perceptual_hash
from ml.index import Nearness
from ml.types import Descriptors, Picture

INPUT = (96, 128)
"""Width and height that the net takes; see `ml.nets.embed`, which is not imported here: it needs torch."""


class NetEmbedder:
    """Describes cards with the weights of `ml/weights/embed-*.onnx`; the hash stays, for it fails on other cards."""

    nearness = Nearness(strangers=0.02, by_vector=0.7)

    def __init__(
        self, *, version: str | None = None, backend: str = "onnx", threads: int = 0, folder: Path | None = None
    ) -> None:
        """Raises `ml.runtime.CannotLoad` where the weights are missing or damaged."""
        self._model = runtime.load("embed", version, backend=backend, threads=threads, folder=folder)
        self.version = f"embed-{self._model.version}"

    def embed(self, pictures: Sequence[Picture]) -> Descriptors:
        """See `ml.interfaces.Embedder`."""
        if not pictures:
            return Descriptors(np.zeros((0, 32), np.uint8), np.zeros((0, 256), np.float32))
        small = [cv2.resize(p, INPUT, interpolation=cv2.INTER_AREA) for p in pictures]
        batch = np.stack(small).astype(np.float32).transpose(0, 3, 1, 2) / np.float32(127.5) - np.float32(1)
        (vectors,) = self._model.run(np.ascontiguousarray(batch))
        return Descriptors(np.stack([perceptual_hash(p) for p in pictures]), vectors)
