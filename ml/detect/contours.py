"""Card detection by edges alone: no training, every game, any count. The named baseline for trained detectors."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.detect.edges import EdgeField
from ml.detect.grid import filled_in
from ml.detect.lines import completed, segments
from ml.detect.proposals import masks, outlines, plausible
from ml.geometry import CARD_ASPECT, Array, overlap, portrait, side_lengths, signed_areas
from ml.types import Detection, Picture, Quad

WORKING_SIDE = 1000
FEW = 6
"""With more cards than this in sight, hidden ones are not looked for."""
SIZE_SPREAD = 2.0
"""How much larger or smaller, by area, than the typical card of a photo another card of it may look."""


class ContourDetector:
    """Proposes outlines from edge maps and lines, keeps the size of outline that explains the photo best."""

    version = "contours-1"

    def __init__(self, *, working_side: int = WORKING_SIDE, least_score: float = 0.5) -> None:
        self.working_side = working_side
        self.least_score = least_score

    def detect(self, photo: Picture) -> list[Detection]:
        """See `ml.interfaces.Detector`. photo: (height, width, 3) uint8 RGB."""
        small, scale = _working_copy(photo, self.working_side)
        field = EdgeField.of(small)
        area = float(small.shape[0] * small.shape[1])
        quads, scores = self.candidates(small, field)
        frames = evenness_of_rim(quads, small)
        kept = of_one_size(quads, scores, frames, area, self.least_score)
        kept = whole_cards(kept, quads, scores)
        chosen, chosen_scores = joined_halves(quads[kept], scores[kept], field)
        chosen, chosen_scores, inferred = filled_in(chosen, chosen_scores, quads, scores, field, small)
        chosen = grown(chosen, field, small)
        if len(chosen) <= FEW:
            chosen, chosen_scores = partly_hidden(small, field, chosen, chosen_scores)
            chosen, chosen_scores = whole_photo(small, chosen, chosen_scores)
        inferred = np.append(inferred, np.zeros(max(0, len(chosen) - len(inferred)), bool))
        return [
            Detection(
                Quad(((chosen[i] + 0.5) / scale - 0.5).astype(np.float32)), float(chosen_scores[i]), bool(inferred[i])
            )
            for i in np.argsort(-chosen_scores, kind="stable")
        ]

    def candidates(self, small: Picture, field: EdgeField) -> tuple[Array, Array]:
        """Every plausible outline (n, 4, 2) at working scale, on its edges, and its score (n,)."""
        height, width = small.shape[:2]
        smallest, largest = 0.002 * width * height, 0.97 * width * height
        found = [quad for _, mask in masks(small) for quad in outlines(mask, smallest, largest)]
        quads = np.array(found).reshape(-1, 4, 2)
        quads = quads[plausible(quads, smallest=smallest, largest=largest)]
        quads = distinct(np.array([portrait(q) for q in quads], np.float64).reshape(-1, 4, 2))
        quads = field.refined(quads, reach=4)
        quads = distinct(quads[plausible(quads, smallest=smallest, largest=largest)])
        return quads, outline_scores(quads, field)


def _working_copy(photo: Picture, side: int) -> tuple[Picture, float]:
    height, width = photo.shape[:2]
    scale = min(side / max(height, width), 2.0)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(photo, size, interpolation=interpolation), np.uint8), scale


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


def grown(chosen: Array, field: EdgeField, small: Picture) -> Array:
    """Outlines that stopped at the inner edge of a plain border, moved out to the card's own edge.

    A dark border on a dark table is the usual case: the edge is faint, but there is one at about the same distance on
    every side, and between the two the border has one colour.
    """
    if not len(chosen):
        return chosen
    lab = cv2.cvtColor(cv2.GaussianBlur(small, (3, 3), 0), cv2.COLOR_RGB2LAB).astype(np.float32)
    result = []
    for quad in chosen:
        width = float(side_lengths(quad[None])[0][[0, 2]].mean())
        reach = max(3, round(0.085 * width))
        strengths, points, normals = field.profile(quad[None], 28, reach)
        outside = strengths[0, :, :, reach + 1 :]
        least = max(2, round(0.022 * width))
        seen = (outside[:, :, least - 1 :] > 0.6 * field.floor).mean(axis=1)
        strong = np.minimum(outside[:, :, least - 1 :], 20).mean(axis=1)
        # The same share of the width on each side: borders are nearly even, neighbours and shadows are not.
        common = np.minimum(seen, 1.0).mean(axis=0) + 0.02 * strong.mean(axis=0)
        if not common.size or not width > 60:
            result.append(quad)
            continue
        offsets = []
        for side in range(4):
            values = seen[side] + 0.02 * strong[side]
            offsets.append(least + int(values.argmax()))
        spread = max(offsets) - min(offsets)
        good = np.array([seen[s][offsets[s] - least] for s in range(4)])
        if good.min() < 0.45 or good.mean() < 0.65 or spread > max(2, 0.03 * width):
            result.append(quad)
            continue
        between = []
        for side in range(4):
            span = np.arange(2, max(3, offsets[side] - 1))
            at = points[0, side][:, None] + normals[0, side] * span[None, :, None]
            x = np.clip(np.rint(at[..., 0]).astype(np.intp), 0, lab.shape[1] - 1)
            y = np.clip(np.rint(at[..., 1]).astype(np.intp), 0, lab.shape[0] - 1)
            between.append(lab[y, x].reshape(-1, 3))
        colours = np.concatenate(between)
        apart = np.abs(colours - np.median(colours, axis=0)).mean(axis=0).max()
        if apart > 9.0:
            result.append(quad)
            continue
        wider = _offset(quad, np.array(offsets, float))
        result.append(field.refined(wider[None], reach=2)[0])
    return np.array(result)


def _offset(quad: Array, distances: Array) -> Array:
    """Each side moved outward by its distance."""
    ahead = np.roll(quad, -1, axis=0) - quad
    direction = ahead / np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-6)
    normals = np.stack([direction[:, 1], -direction[:, 0]], axis=1)
    moved = quad + normals * distances[:, None]
    corners = []
    for side in range(4):
        p, r, q, s = moved[side - 1], ahead[side - 1], moved[side], ahead[side]
        t = ((q[0] - p[0]) * s[1] - (q[1] - p[1]) * s[0]) / (r[0] * s[1] - r[1] * s[0])
        corners.append(p + r * t)
    return np.array(corners)


def partly_hidden(small: Picture, field: EdgeField, chosen: Array, scores: Array) -> tuple[Array, Array]:
    """The chosen cards and those that peep out from under them: fans and piles.

    A hidden card has the size of the others; what is in sight of its outline lies on edges: one side whole, and a
    neighbour.
    """
    if not len(chosen):
        return chosen, scores
    height, width = small.shape[:2]
    lengths = side_lengths(chosen)
    size = (float(np.median(lengths[:, [0, 2]])), float(np.median(lengths[:, [1, 3]])))
    area = size[0] * size[1]
    lines = segments(small, 0.15 * size[1])
    more = completed(lines, size)
    more = more[plausible(more, smallest=area / 1.35, largest=area * 1.35)]
    if not len(more):
        return chosen, scores
    more = distinct(np.array([portrait(q) for q in more], np.float64), tolerance=0.04)
    more = field.refined(more, reach=3)
    more = more[plausible(more, smallest=area / 1.35, largest=area * 1.35)]
    cards, worth = list(chosen), list(scores)
    around = np.ones((2 * max(2, round(0.08 * size[0])) + 1,) * 2, np.uint8)
    for _ in range(len(chosen) + 6):
        if not len(more):
            break
        covered = np.zeros((height, width), np.uint8)
        for card in cards:
            cv2.fillConvexPoly(covered, np.rint(card).astype(np.int32), 1)
        hidden = cv2.dilate(covered, around).astype(bool)
        seen, support = field.visible_support(more, hidden)
        in_sight = seen.mean(axis=1)
        weakest = np.where(seen > 0.12, support, 1.0).min(axis=1)
        whole_side = (seen > 0.75) & (support > 0.85)
        beside = np.roll(seen, 1, axis=1) + np.roll(seen, -1, axis=1)
        worthy = (in_sight > 0.3) & (in_sight < 0.85) & (weakest > 0.7) & (whole_side & (beside > 0.3)).any(axis=1)
        worthy &= np.array(
            [w and _bordered_in_sight(q, hidden, small) for q, w in zip(more, worthy, strict=True)], bool
        )
        overlaps = np.array(
            [max(overlap(q, c) for c in cards) if w else 0.0 for q, w in zip(more, worthy, strict=True)]
        )
        worthy &= (overlaps > 0.15 * area) & (overlaps < 0.75 * area)
        if not worthy.any():
            break
        mean_support = (seen * support).sum(axis=1) / np.maximum(seen.sum(axis=1), 1e-6)
        value = np.where(worthy, mean_support * (0.5 + in_sight), 0.0)
        best = int(value.argmax())
        cards.append(more[best])
        worth.append(0.9 * float(mean_support[best]))
        more = np.delete(more, best, axis=0)
    return np.array(cards), np.array(worth)


def _bordered_in_sight(quad: Array, hidden: NDArray[np.bool_], small: Picture) -> bool:
    """Whether a hidden card's rim, as far as it is in sight, has one colour, and another one than what lies around."""
    inner, inner_seen = _rim_colours(quad, 0.965, hidden, small)
    outer, outer_seen = _rim_colours(quad, 1.05, hidden, small)
    if inner_seen.sum() < 20:
        return False
    apart = np.linalg.norm(inner[inner_seen] - np.median(inner[inner_seen], axis=0), axis=1)
    both = inner_seen & outer_seen
    step = np.median(np.linalg.norm(inner[both] - outer[both], axis=1)) if both.any() else 0.0
    return bool(np.median(apart) < 14.0 and step > 9.0)


def _rim_colours(
    quad: Array, grown_by: float, hidden: NDArray[np.bool_], small: Picture
) -> tuple[Array, NDArray[np.bool_]]:
    """Lab colours (120, 3) along an outline scaled about its middle, and which of them are in sight."""
    middle = quad.mean(axis=0)
    corners = middle + (quad - middle) * grown_by
    share = np.linspace(0.06, 0.94, 30)[None, :, None]
    points = (corners[:, None] + (np.roll(corners, -1, axis=0) - corners)[:, None] * share).reshape(-1, 2)
    height, width = hidden.shape
    x, y = np.rint(points[:, 0]).astype(np.intp), np.rint(points[:, 1]).astype(np.intp)
    within = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    colours = cv2.cvtColor(np.ascontiguousarray(small[y, x][None]), cv2.COLOR_RGB2LAB)[0].astype(np.float64)
    return colours, within & ~hidden[y, x]


def whole_photo(small: Picture, chosen: Array, scores: Array) -> tuple[Array, Array]:
    """The photo's own frame where it has a card's shape and nothing better was found: a card that fills the picture."""
    height, width = small.shape[:2]
    aspect = min(width, height) / max(width, height)
    if not 0.66 < aspect < 0.78:
        return chosen, scores
    areas = np.abs(signed_areas(chosen)) / (width * height) if len(chosen) else np.zeros(1)
    sound = bool(len(chosen)) and bool((scores[areas > 0.15] > 0.85).any())
    if areas.max() > 0.5 or len(chosen) > 3 or 0.02 < areas.sum() < 0.3 or sound:
        return chosen, scores
    frame = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64) - 0.5
    return portrait(frame)[None].astype(np.float64), np.array([0.5])
