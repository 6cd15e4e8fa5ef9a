"""Long straight edges along a card's sides, to a fraction of a pixel: where it ends, and where its printed border ends."""

from dataclasses import dataclass

import cv2
import numpy as np

from ml.geometry import Array
from ml.types import Floats, Picture

_ROWS = 160
_ENDS = 0.09
"""Share of a side that is left out at each end: corners are rounded, and so are many frames."""


@dataclass(frozen=True, slots=True)
class Line:
    """Depth in px below the strip's start at the two ends of a side, its spread and how much of the side shows it.

    step: colour difference across it, in Lab units.
    """

    first: float
    last: float
    scatter: float
    support: float
    step: float

    @property
    def middle(self) -> float:
        """Depth halfway along."""
        return (self.first + self.last) / 2


def fitted(first: float, last: float) -> Line:
    """A line that was not measured."""
    return Line(first, last, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Strip:
    """One side of a sheet, seen from outside: colours and their change by (position along the side, depth).

    lab: (n, depth, 3). change: (n, depth, 3) derivative per pixel. along: (n,) pixels along the side. turn: how depth and
    position become sheet pixels.
    """

    side: str
    lab: Floats
    change: Floats
    along: Floats
    extent: tuple[int, int]
    """(width, height) of the sheet."""

    @classmethod
    def of(cls, picture: Picture, side: str, *, depth: float, soft: float) -> "Strip":
        """depth: px from the sheet's edge inwards. soft: sigma in px of the derivative."""
        height, width = picture.shape[:2]
        deep = round(depth)
        part = {
            "left": picture[:, :deep],
            "right": picture[:, width - deep :][:, ::-1],
            "top": picture[:deep].transpose(1, 0, 2),
            "bottom": picture[height - deep :][::-1].transpose(1, 0, 2),
        }[side]
        length = part.shape[0]
        skip = round(_ENDS * length)
        inner = np.ascontiguousarray(part[skip : length - skip])
        # Averaging along the side first costs nothing: the line is straight and nearly parallel to it.
        small = cv2.resize(inner, (deep, _ROWS), interpolation=cv2.INTER_AREA)
        lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        kernel = cv2.getGaussianKernel(2 * int(np.ceil(3 * soft)) + 1, soft)[:, 0]
        offsets = np.arange(len(kernel)) - len(kernel) // 2
        slope = (offsets * kernel) / (offsets**2 * kernel).sum()
        change = cv2.filter2D(lab, -1, slope[None].astype(np.float32), borderType=cv2.BORDER_REPLICATE)
        step = (length - 2 * skip) / _ROWS
        along = skip + (np.arange(_ROWS, dtype=np.float32) + 0.5) * step - 0.5
        return cls(side, np.asarray(lab, np.float32), np.asarray(change, np.float32), along, (width, height))

    def ends(self, line: Line) -> Array:
        """(2, 2) sheet pixels of a line's two ends."""
        width, height = self.extent
        points = []
        for along, depth in ((self.along[0], line.first), (self.along[-1], line.last)):
            points.append(
                {
                    "left": (depth, along),
                    "right": (width - 1 - depth, along),
                    "top": (along, depth),
                    "bottom": (along, height - 1 - depth),
                }[self.side]
            )
        return np.array(points, np.float64)


def found_outer(strip: Strip, *, expected: float, reach: float) -> Line | None:
    """The card's own edge within `reach` px of where the detector put it; None where no line shows there.

    Nearer lines are believed first, but a line that shows all along the side beats a nearer one that does not.
    """
    steepness = _steepness(strip)
    votes, slants = _votes(steepness, slant=0.25 * reach)
    depth = np.arange(votes.shape[0])
    prior = np.exp(-0.5 * ((depth - expected) / (0.3 * reach)) ** 2)
    prior[np.abs(depth - expected) > reach] = 0
    # A printed border inside is often the stronger line: how strong counts less than how near.
    worth = np.sqrt(votes) * prior
    at = int(worth.argmax())
    line = refined(strip, at, float(slants[at]))
    return line if line is not None and line.support > 0.45 and line.step > 3.0 else None


def _steepness(strip: Strip) -> Floats:
    """(n, depth) colour change per px, capped so that one strong spot does not speak for a whole side."""
    size = np.linalg.norm(strip.change, axis=2)
    return np.asarray(np.minimum(size, 6.0), np.float32)


def _votes(steepness: Floats, *, slant: float) -> tuple[Array, Array]:
    """For each depth at the middle, the best mean steepness over slants up to `slant` px, and that slant."""
    count, deep = steepness.shape
    slants = np.linspace(-slant, slant, 2 * int(np.ceil(slant)) + 1)
    t = np.linspace(-1, 1, count)
    best = np.zeros(deep)
    chosen = np.zeros(deep)
    rows = np.arange(count)[:, None]
    blurred = cv2.GaussianBlur(steepness, (3, 1), 0.7)
    for each in slants:
        columns = np.clip(np.rint(np.arange(deep)[None] + each * t[:, None]).astype(np.intp), 0, deep - 1)
        mean = blurred[rows, columns].mean(axis=0)
        better = mean > best
        best[better], chosen[better] = mean[better], each
    return best, chosen


def refined(strip: Strip, at: float, slant: float, *, window: int = 4) -> Line | None:
    """A line near depth `at`, fitted through the peak of each row by iterated weighting (Tukey's biweight)."""
    count, deep, _ = strip.change.shape
    t = np.linspace(-1, 1, count)
    rows = np.arange(count)
    guess = at + slant * t
    nearest = np.clip(np.rint(guess).astype(np.intp), window + 1, deep - window - 2)
    span = np.arange(-window, window + 1)
    around = strip.change[rows[:, None], nearest[:, None] + span]
    # One direction of colour for the whole side: noise and the picture behind the border change in others.
    middle = around[:, window - 1 : window + 2].mean(axis=1)
    _, _, axes = np.linalg.svd(middle - 0.0, full_matrices=False)
    signal = np.abs(around @ axes[0])
    peak = signal.argmax(axis=1)
    inside = (peak > 0) & (peak < 2 * window)
    p = np.clip(peak, 1, 2 * window - 1)
    before, top, after = signal[rows, p - 1], signal[rows, p], signal[rows, p + 1]
    bend = before - 2 * top + after
    shift = np.where(bend < -1e-6, 0.5 * (before - after) / np.minimum(bend, -1e-6), 0.0)
    place = nearest + span[p] + np.clip(shift, -0.5, 0.5)
    strong = inside & (top > max(0.35, 0.25 * float(np.median(top))))
    if strong.sum() < 0.25 * count:
        return None
    weights = strong * np.minimum(top, 4.0)
    a, b = float(np.median(place[strong])), slant
    for _ in range(8):
        residual = place - (a + b * t)
        sigma = max(0.12, 1.4826 * float(np.median(np.abs(residual[strong]))))
        u = np.clip(residual / (4.0 * sigma), -1, 1)
        w = weights * (1 - u**2) ** 2
        total = w.sum()
        if total < 1e-6:
            return None
        mt, mp = (w * t).sum() / total, (w * place).sum() / total
        spread = (w * (t - mt) ** 2).sum()
        b = float((w * (t - mt) * (place - mp)).sum() / max(spread, 1e-9))
        a = float(mp - b * mt)
    residual = place - (a + b * t)
    near = strong & (np.abs(residual) < max(1.5, 4 * sigma))
    step = float(np.median(np.linalg.norm(_across(strip, a + b * t, window), axis=1)[near])) if near.any() else 0.0
    return Line(a - b, a + b, float(sigma / np.sqrt(max(near.sum() / 4, 1))), float(near.mean()), step)


def _across(strip: Strip, depth: Array, window: int) -> Floats:
    """(n, 3) colour on the inner side less colour on the outer side of a line."""
    rows = np.arange(len(depth))
    deep = strip.lab.shape[1]
    outer = np.clip(np.rint(depth - window).astype(np.intp), 0, deep - 1)
    inner = np.clip(np.rint(depth + window).astype(np.intp), 0, deep - 1)
    return np.asarray(strip.lab[rows, inner] - strip.lab[rows, outer], np.float32)


def found_inner(strip: Strip, outer: Line, *, nearest: float, furthest: float) -> Line | None:
    """Where the border's own colour ends: the first line inside of `outer` that shows along the side.

    nearest, furthest: px inside of the outer edge between which a border may end. None where what lies outside of the first
    line has no colour of its own: then there is no border to measure.
    """
    count, deep, _ = strip.lab.shape
    t = np.linspace(-1, 1, count)
    rows = np.arange(count)
    edge = outer.middle + (outer.last - outer.first) / 2 * t
    depth = np.arange(int(furthest) + 6)
    columns = np.clip(np.rint(edge[:, None] + depth[None]).astype(np.intp), 0, deep - 1)
    lab = strip.lab[rows[:, None], columns]
    change = strip.change[rows[:, None], columns]
    level = Strip(strip.side, lab, change, strip.along, strip.extent)
    votes, slants = _votes(_steepness(level), slant=0.35 * nearest + 6)
    peaks = np.flatnonzero((votes[1:-1] >= votes[:-2]) & (votes[1:-1] > votes[2:])) + 1
    peaks = peaks[(peaks >= int(nearest)) & (peaks < int(furthest))]
    if not len(peaks):
        return None
    floor = max(0.28, 0.3 * float(votes[peaks].max()))
    for at in peaks[votes[peaks] > floor]:
        line = refined(level, float(at), float(slants[at]))
        if line is None or line.support < 0.4 or line.step < 2.5:
            continue
        if not _is_plain(level, line, from_depth=max(3, int(0.3 * nearest))):
            return None
        # Once more in the strip's own pixels: those along the edge were taken at whole ones.
        slant = (outer.last - outer.first + line.last - line.first) / 2
        return refined(strip, outer.middle + line.middle, slant)
    return None


def _is_plain(level: Strip, line: Line, *, from_depth: int) -> bool:
    """Whether what lies between the edge and the line has one colour, apart from a slope of light along the side."""
    until = int(min(line.first, line.last)) - 4
    if until - from_depth < 3:
        return True
    band = level.lab[:, from_depth:until]
    own = np.median(band, axis=1, keepdims=True)
    within = float(np.median(np.linalg.norm(band - own, axis=2)))
    colours = own[:, 0]
    smooth = np.linalg.norm(colours - cv2.GaussianBlur(colours, (1, 41), 12.0), axis=1)
    return within < max(3.0, 0.3 * line.step) and float(np.median(smooth)) < max(3.0, 0.35 * line.step)
