"""Which of many outlines are the cards: scores, one outline per card, one size per photo, wholes before halves."""

import cv2
import numpy as np

from ml.detect.edges import EdgeField
from ml.detect.proposals import plausible
from ml.geometry import CARD_ASPECT, Array, overlap, portrait, side_lengths, signed_areas
from ml.types import Picture

SIZE_SPREAD = 2.0
"""How much larger or smaller, by area, than the typical card of a photo another card of it may look."""


def distinct(quads: Array, tolerance: float = 0.025) -> Array:
    """Without near copies: outlines whose corners all lie within a share of their size of an earlier one."""
    if not len(quads):
        return quads
    size = np.sqrt(np.abs(signed_areas(quads)))
    kept: list[int] = []
    for i in range(len(quads)):
        if kept:
            apart = np.abs(quads[kept] - quads[i]).max(axis=(1, 2))
            if (apart < tolerance * size[i]).any():
                continue
        kept.append(i)
    return quads[kept]


def skewness(quads: Array) -> Array:
    """(n,) largest cosine of a corner: 0 for a rectangle, 0.5 where a corner has 60 degrees."""
    ahead = np.roll(quads, -1, axis=1) - quads
    behind = -np.roll(ahead, 1, axis=1)
    lengths = np.linalg.norm(ahead, axis=2) * np.linalg.norm(behind, axis=2)
    cosines: Array = np.abs((ahead * behind).sum(axis=2) / np.maximum(lengths, 1e-6)).max(axis=1)
    return cosines


def outline_scores(quads: Array, field: EdgeField) -> Array:
    """(n,) in [0, 1]: edges under all four sides, at strength, in the shape of a card."""
    if not len(quads):
        return np.zeros(0)
    support, strength = field.support(quads)
    lengths = side_lengths(quads)
    ratio = (lengths[:, 0] + lengths[:, 2]) / np.maximum(lengths[:, 1] + lengths[:, 3], 1e-6)
    shape = np.exp(-((np.log(ratio / CARD_ASPECT) / 0.25) ** 2))
    shape = shape * np.exp(-((skewness(quads) / 0.7) ** 2))
    contrast = np.clip(strength.min(axis=1) / 14.0, 0.0, 1.0) ** 0.3
    scores: Array = (
        (0.6 * support.min(axis=1) + 0.4 * support.mean(axis=1)) * (0.35 + 0.65 * shape) * (0.5 + 0.5 * contrast)
    )
    return scores


class Overlaps:
    """Shared areas of a set of outlines, each pair worked out once and only where their boxes meet."""

    def __init__(self, quads: Array) -> None:
        self.quads = quads
        self.areas = np.abs(signed_areas(quads))
        self._low, self._high = quads.min(axis=1), quads.max(axis=1)
        self._known: dict[tuple[int, int], float] = {}

    def clashes(self, i: int, others: list[int]) -> bool:
        """Whether outline i covers the same card as one of the others."""
        if not others:
            return False
        rows = np.array(others)
        meets = ((self._low[rows] < self._high[i]) & (self._high[rows] > self._low[i])).all(axis=1)
        return any(self._same_card(i, int(j)) for j in rows[meets])

    def _same_card(self, i: int, j: int) -> bool:
        pair = (i, j) if i < j else (j, i)
        if pair not in self._known:
            self._known[pair] = overlap(self.quads[i], self.quads[j])
        shared, a, b = self._known[pair], self.areas[i], self.areas[j]
        return bool(shared >= 0.35 * (a + b - shared) or shared >= 0.75 * min(a, b))


def suppressed(ranking: Array, allowed: Array, overlaps: Overlaps) -> list[int]:
    """Indices of the `allowed` outlines that remain, best first, when each card keeps one."""
    kept: list[int] = []
    for i in np.argsort(-ranking):
        if allowed[i] and not overlaps.clashes(int(i), kept):
            kept.append(int(i))
    return kept


def evenness_of_rim(quads: Array, small: Picture) -> Array:
    """(n,) in [0, 1]: how much the four sides have one colour just inside. A card's frame has; a box on a card has not."""
    if not len(quads):
        return np.zeros(0)
    lab = cv2.cvtColor(cv2.GaussianBlur(small, (3, 3), 0), cv2.COLOR_RGB2LAB).astype(np.float32)
    height, width = small.shape[:2]
    middle = quads.mean(axis=1, keepdims=True)
    inner = middle + (quads - middle) * 0.965
    share = np.linspace(0.1, 0.9, 21)[None, None, :, None]
    points = inner[:, :, None] + (np.roll(inner, -1, axis=1) - inner)[:, :, None] * share
    x = np.clip(np.rint(points[..., 0]).astype(np.intp), 0, width - 1)
    y = np.clip(np.rint(points[..., 1]).astype(np.intp), 0, height - 1)
    sides = np.median(lab[y, x], axis=2)
    apart = np.linalg.norm(sides - sides.mean(axis=1, keepdims=True), axis=2).max(axis=1)
    evenness: Array = np.exp(-apart / 30.0)
    return evenness


def of_one_size(quads: Array, scores: Array, frames: Array, photo_area: float, least: float) -> list[int]:
    """The outlines of the size that explains most of the photo: cards of one photo are about equally large.

    This is what tells a page of nine cards from one card with nine boxes printed on it. An outline is worth
    score^4 * area^0.75: many weak little ones lose to a card, nine sound cards win against the page around them. The
    picture and the text half of a card have a card's shape too, lying; an even rim and standing upright speak for the
    whole.
    """
    if not len(quads):
        return []
    areas = np.abs(signed_areas(quads)) / photo_area
    down = quads[:, 2] + quads[:, 3] - quads[:, 0] - quads[:, 1]
    upright = 0.75 + 0.25 * np.abs(down[:, 1]) / np.maximum(np.linalg.norm(down, axis=1), 1e-6)
    overlaps = Overlaps(quads)
    best: tuple[float, list[int]] = (0.0, [])
    for size in np.geomspace(max(areas.min(), 1e-4), areas.max() * 1.01, 24):
        allowed = (areas > size / SIZE_SPREAD) & (areas < size * SIZE_SPREAD) & (scores >= least)
        if not allowed.any():
            continue
        # Among outlines of one size a frame just inside of the card's edge should lose to the edge.
        ranking = scores + 0.06 * np.log(areas / size) + 0.04 * frames
        kept = suppressed(ranking, allowed, overlaps)
        sound = scores * (0.4 + 0.6 * frames)
        kept = [i for i in kept if sound[i] >= 0.55 * np.quantile(sound[kept], 0.7)]
        worth = float((scores[kept] ** 4 * areas[kept] ** 0.75 * (0.7 + 0.3 * frames[kept]) * upright[kept]).sum())
        if worth > best[0]:
            best = (worth, kept)
    return best[1]


def whole_cards(kept: list[int], quads: Array, scores: Array) -> list[int]:
    """Chosen outlines that are only the picture or the text of a larger sound outline give way to it.

    Two cards lying side by side fill a card's shape too; they are equally large and fill it, which boxes do not.
    """
    areas = np.abs(signed_areas(quads))
    axis = quads[:, 2] + quads[:, 3] - quads[:, 0] - quads[:, 1]
    axis = axis / np.maximum(np.linalg.norm(axis, axis=1, keepdims=True), 1e-6)
    result = list(kept)
    for whole in np.argsort(-scores):
        if scores[whole] < 0.62 or abs(axis[whole, 1]) < 0.7 or whole in result:
            continue
        parts, rest = [], []
        for i in result:
            shared = overlap(quads[i], quads[whole])
            if shared > 0.88 * areas[i] and areas[i] < 0.7 * areas[whole]:
                parts.append(i)
            elif shared > 0.2 * min(areas[i], areas[whole]):
                rest.append(i)
        lying = [i for i in parts if abs(float(axis[i] @ axis[whole])) < 0.35 and areas[i] > 0.25 * areas[whole]]
        if not lying or rest or len(parts) > 3:
            continue
        covered = areas[parts].sum() / areas[whole]
        twins = len(parts) == 2 and areas[parts].min() > 0.93 * areas[parts].max() and covered > 0.9
        if twins:
            continue
        result = [i for i in result if i not in parts] + [int(whole)]
    largest = max((areas[i] for i in result if scores[i] > 0.62), default=0.0)
    result = [i for i in result if areas[i] > 0.4 * largest or scores[i] > 0.8]
    # Where no card stands upright on its own, all of them lie, and two lying cards were taken for one.
    lying_alone = [i for i in result if i in kept and abs(axis[i, 1]) < 0.7]
    stands = any(i in kept for i in result if abs(axis[i, 1]) >= 0.7)
    return list(kept) if len(kept) > 2 and len(lying_alone) > 1 and not stands else result


def joined_halves(chosen: Array, scores: Array, field: EdgeField) -> tuple[Array, Array]:
    """Where the picture half and the text half of one card were chosen, the card takes their place."""
    down = chosen[:, 2] + chosen[:, 3] - chosen[:, 0] - chosen[:, 1]
    if len(chosen) > 2 and (np.abs(down[:, 1]) < 0.7 * np.linalg.norm(down, axis=1)).all():
        return chosen, scores
    cards, worth = list(chosen), list(scores)
    found = True
    while found:
        found = False
        for i in range(len(cards)):
            for j in range(i + 1, len(cards)):
                whole = _whole_of(cards[i], cards[j])
                if whole is None:
                    continue
                whole = field.refined(whole[None], reach=3)[0]
                support, _ = field.support(whole[None])
                if support.min() > 0.5 and support.mean() > 0.8:
                    cards = [c for k, c in enumerate(cards) if k not in (i, j)] + [whole]
                    worth = [w for k, w in enumerate(worth) if k not in (i, j)] + [float(support.mean())]
                    found = True
                    break
            if found:
                break
    return np.array(cards).reshape(-1, 4, 2), np.array(worth)


def _whole_of(a: Array, b: Array) -> Array | None:
    """The upright card-shaped outline that two touching lying halves fill, if they do."""
    long_side = max(side_lengths(a[None])[0].max(), side_lengths(b[None])[0].max())
    if np.linalg.norm(a.mean(0) - b.mean(0)) > 0.95 * long_side:
        return None
    hull = cv2.convexHull(np.concatenate([a, b]).astype(np.float32))
    areas = np.abs(signed_areas(np.stack([a, b])))
    hull_area = float(cv2.contourArea(hull))
    if not 0.88 * hull_area < areas.sum() < 1.02 * hull_area or areas.min() < 0.6 * areas.max():
        return None
    whole = portrait(cv2.boxPoints(cv2.minAreaRect(hull))).astype(np.float64)
    perimeter = cv2.arcLength(hull, True)
    for epsilon in (0.02, 0.035, 0.055):
        shape = cv2.approxPolyDP(hull, epsilon * perimeter, True)
        if len(shape) == 4:
            whole = portrait(shape.reshape(4, 2)).astype(np.float64)
            break
    down = whole[2] + whole[3] - whole[0] - whole[1]
    if abs(down[1]) < 0.7 * np.linalg.norm(down):
        return None
    return whole if plausible(whole[None], smallest=1.0, largest=1e12, aspect=(0.6, 0.85))[0] else None
