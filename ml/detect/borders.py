"""Outlines at the wrong border: the inner edge of a frame, or none at all where a card fills the photo."""

import cv2
import numpy as np

from ml.detect.edges import EdgeField
from ml.geometry import Array, portrait, side_lengths, signed_areas
from ml.types import Picture


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


def whole_photo(small: Picture, chosen: Array, scores: Array) -> tuple[Array, Array]:
    """The photo's own frame where it has a card's shape and nothing better was found: a card that fills the picture."""
    height, width = small.shape[:2]
    aspect = min(width, height) / max(width, height)
    # Cards have 0.716; a camera's 3:4 must not count, or every photo of a carpet would be a card.
    if not 0.675 < aspect < 0.742:
        return chosen, scores
    areas = np.abs(signed_areas(chosen)) / (width * height) if len(chosen) else np.zeros(1)
    sound = bool(len(chosen)) and (bool((scores[areas > 0.15] > 0.85).any()) or _several(areas, scores))
    # One doubtful outline over most of such a photo is a frame within the card, or askew.
    doubtful = len(chosen) == 1 and areas.max() > 0.5 and scores.max() < 0.75
    if not doubtful and (areas.max() > 0.5 or len(chosen) > 3 or 0.02 < areas.sum() < 0.3 or sound):
        return chosen, scores
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    steep = np.abs(cv2.Laplacian(cv2.GaussianBlur(grey, (5, 5), 0), cv2.CV_32F)) > 8
    if steep.mean() < 0.02:
        return chosen, scores
    frame = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64) - 0.5
    return portrait(frame)[None].astype(np.float64), np.array([0.5])


def _several(areas: Array, scores: Array) -> bool:
    """Whether two or more sound outlines of about one size were found: cards beside each other, not boxes on a card."""
    good = areas[(scores > 0.85) & (areas > 0.05)]
    return len(good) > 1 and bool(good.min() > 0.6 * good.max())
