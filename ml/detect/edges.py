"""How strongly a photo's edges support an outline, and where exactly those edges run. Works on all outlines at once."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.geometry import Array
from ml.types import Picture

CORNER_SHARE = 0.09
"""The end of each side that is left out of measuring: rounded corners lie there."""


@dataclass(frozen=True, slots=True)
class EdgeField:
    """Colour gradients of a photo at working scale. gx, gy: (height, width, 3) per Lab channel; floor: what is noise."""

    gx: NDArray[np.float32]
    gy: NDArray[np.float32]
    floor: float

    @classmethod
    def of(cls, photo: Picture) -> "EdgeField":
        """The field of a photo, (height, width, 3) RGB at working scale."""
        lab = cv2.cvtColor(cv2.GaussianBlur(photo, (3, 3), 0), cv2.COLOR_RGB2LAB).astype(np.float32)
        gx = cv2.Scharr(lab, cv2.CV_32F, 1, 0, scale=1 / 32)
        gy = cv2.Scharr(lab, cv2.CV_32F, 0, 1, scale=1 / 32)
        strength = np.sqrt(gx[..., 0] ** 2 + gy[..., 0] ** 2)
        return cls(
            np.asarray(gx, np.float32),
            np.asarray(gy, np.float32),
            float(np.clip(1.2 * np.median(strength) + 1.5, 2.0, 6.0)),
        )

    def across(self, points: Array, normals: Array) -> Array:
        """Gradient strength along `normals` at `points` (both (..., 2)); zero outside of the photo."""
        height, width = self.gx.shape[:2]
        x = np.rint(points[..., 0]).astype(np.intp)
        y = np.rint(points[..., 1]).astype(np.intp)
        within = (x >= 0) & (y >= 0) & (x < width) & (y < height)
        x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
        along = self.gx[y, x] * normals[..., :1] + self.gy[y, x] * normals[..., 1:]
        strength: Array = np.abs(along).max(axis=-1) * within
        return strength

    def profile(self, quads: Array, samples: int, reach: int) -> tuple[Array, Array, Array]:
        """Edge strengths around each side.

        quads: (n, 4, 2). Answers strengths (n, 4, samples, 2*reach+1), points (n, 4, samples, 2) and the outward
        normals (n, 4, 2).
        """
        ahead = np.roll(quads, -1, axis=1) - quads
        length = np.maximum(np.linalg.norm(ahead, axis=2, keepdims=True), 1e-6)
        direction = ahead / length
        # Clockwise on screen: outward is to the left of the walk.
        normals = np.stack([direction[..., 1], -direction[..., 0]], axis=-1)
        share = np.linspace(CORNER_SHARE, 1 - CORNER_SHARE, samples)[None, None, :, None]
        points = quads[:, :, None, :] + ahead[:, :, None, :] * share
        offsets = np.arange(-reach, reach + 1, dtype=np.float64)
        around = points[..., None, :] + offsets[None, None, None, :, None] * normals[:, :, None, None, :]
        spread = np.broadcast_to(normals[:, :, None, None, :], around.shape)
        return self.across(around, spread), points, normals

    def visible_support(
        self, quads: Array, hidden: NDArray[np.bool_], samples: int = 28, reach: int = 2
    ) -> tuple[Array, Array]:
        """Share of each side that is in sight, and of that the share with an edge under it: both (n, 4).

        hidden: (height, width), True where other cards lie on top; whatever is outside of the photo is hidden too.
        """
        strengths, points, normals = self.profile(quads, samples, reach)
        edge = strengths.max(axis=-1) > self.floor
        # A side that runs along another card's edge is that card's; look a little outward before calling it seen.
        seen = ~self._hidden(points, hidden) & ~self._hidden(points + 3.0 * normals[:, :, None], hidden)
        count = seen.sum(axis=-1)
        return count / samples, (edge & seen).sum(axis=-1) / np.maximum(count, 1)

    @staticmethod
    def _hidden(points: Array, hidden: NDArray[np.bool_]) -> NDArray[np.bool_]:
        height, width = hidden.shape
        x, y = np.rint(points[..., 0]).astype(np.intp), np.rint(points[..., 1]).astype(np.intp)
        outside = (x < 2) | (y < 2) | (x >= width - 2) | (y >= height - 2)
        covered: NDArray[np.bool_] = outside | hidden[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
        return covered

    def support(self, quads: Array, samples: int = 28, reach: int = 2) -> tuple[Array, Array]:
        """Share of each side with an edge under it, and that edge's mean strength: both (n, 4)."""
        strengths, _, _ = self.profile(quads, samples, reach)
        best = strengths.max(axis=-1)
        supported = best > self.floor
        return supported.mean(axis=-1), np.minimum(best, 40.0).mean(axis=-1)

    def refined(self, quads: Array, reach: int) -> Array:
        """Each side moved onto the straight edge that most of its samples see within `reach` pixels: (n, 4, 2)."""
        if not len(quads):
            return quads
        samples = 40
        strengths, points, normals = self.profile(quads, samples, reach)
        offsets = np.arange(-reach, reach + 1, dtype=np.float64)
        nearness = 1.0 - 0.35 * (np.abs(offsets) / max(reach, 1)) ** 2
        weighted = np.where(strengths > self.floor, strengths, 0.0) * nearness
        moved = np.empty_like(quads, dtype=np.float64)
        for i in range(len(quads)):
            lines = [self._line(weighted[i, s], points[i, s], normals[i, s], offsets) for s in range(4)]
            for s in range(4):
                moved[i, s] = _crossing(lines[s - 1], lines[s], quads[i, s])
        return moved

    @staticmethod
    def _line(weights: Array, points: Array, normal: Array, offsets: Array) -> tuple[Array, Array]:
        """A point on the side's best line, and its direction. The vote is over lines, so texture near a side loses."""
        samples = len(points)
        share = np.linspace(-1.0, 1.0, samples)
        reach = (len(offsets) - 1) // 2
        tilts = np.linspace(-reach, reach, 2 * reach + 1) * 0.5
        padded = np.pad(np.minimum(weights, 25.0), ((0, 0), (reach * 2, reach * 2)))
        shift = np.rint(tilts[:, None] * share[None]).astype(np.intp)
        column = np.arange(len(offsets))[None, :, None] + shift[:, None, :] + 2 * reach
        votes = padded[np.arange(samples)[None, None], column].sum(axis=-1)
        votes *= 1.0 - 0.15 * (np.abs(tilts) / max(reach, 1))[:, None]
        best_tilt, best_offset = np.unravel_index(int(votes.argmax()), votes.shape)
        coarse = offsets[best_offset] + tilts[best_tilt] * share
        # Then a fit through the peaks within a pixel and a half of that line.
        near = np.abs(offsets[None] - coarse[:, None]) <= 1.6
        local = weights * near
        mass = local.sum(axis=1)
        used = mass > 0
        if used.sum() < samples * 0.3:
            tilt, base = 0.0, 0.0
            if used.any():
                base = float(np.average(coarse[used], weights=mass[used]))
        else:
            peak = (local[used] * offsets).sum(axis=1) / mass[used]
            tilt, base = np.polyfit(share[used], peak, 1, w=np.sqrt(np.minimum(mass[used], 30.0)))
        first = points[0] + normal * (base - tilt)
        last = points[-1] + normal * (base + tilt)
        return first, last - first


def _crossing(a: tuple[Array, Array], b: tuple[Array, Array], fallback: Array) -> Array:
    """Where two lines (point, direction) meet; the fallback where they hardly do."""
    (p, r), (q, s) = a, b
    denominator = r[0] * s[1] - r[1] * s[0]
    if abs(denominator) < 1e-3 * np.linalg.norm(r) * np.linalg.norm(s):
        return fallback
    t = ((q[0] - p[0]) * s[1] - (q[1] - p[1]) * s[0]) / denominator
    return p + r * t
