"""Outlines from straight lines: a card that is partly hidden still shows two or three of its sides."""

from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.geometry import CARD_ASPECT, Array
from ml.types import Picture

MOST_LINES = 90


def segments(photo: Picture, shortest: float) -> Array:
    """(n, 2, 2) end points of straight edges, longest first, fragments of one line joined."""
    detector = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD)
    lab = cv2.cvtColor(cv2.GaussianBlur(photo, (3, 3), 0), cv2.COLOR_RGB2LAB)
    found = []
    for channel in (
        lab[..., 0],
        cv2.convertScaleAbs(lab[..., 1], alpha=2.0, beta=-128),
        cv2.convertScaleAbs(lab[..., 2], alpha=2.0, beta=-128),
    ):
        lines = detector.detect(channel)[0]
        if lines is not None and len(lines):
            found.append(np.asarray(lines, np.float64).reshape(-1, 2, 2))
    if not found:
        return np.zeros((0, 2, 2))
    lines = np.concatenate(found)
    lengths = np.linalg.norm(lines[:, 1] - lines[:, 0], axis=1)
    order = np.argsort(-lengths)
    lines = lines[order[lengths[order] > shortest * 0.35]][:600]
    joined = _joined(lines)
    lengths = np.linalg.norm(joined[:, 1] - joined[:, 0], axis=1)
    order = np.argsort(-lengths)
    return joined[order[lengths[order] > shortest]][:MOST_LINES]


def _joined(lines: Array) -> Array:
    """Collinear neighbours become one line; the longest takes in the others."""
    kept: list[Array] = []
    free = np.ones(len(lines), bool)
    for i in range(len(lines)):
        if not free[i]:
            continue
        free[i] = False
        line = lines[i]
        for _ in range(4):
            direction = line[1] - line[0]
            length = float(np.linalg.norm(direction))
            direction = direction / max(length, 1e-6)
            offset = lines - line[0]
            along = offset @ direction
            aside = np.abs(offset[..., 0] * direction[1] - offset[..., 1] * direction[0])
            gap = np.maximum(np.maximum(along.min(1) - length, -along.max(1)), 0)
            taken = free & (aside.max(1) < 2.0 + 0.004 * length) & (gap < 0.25 * length)
            if not taken.any():
                break
            free &= ~taken
            low = min(0.0, float(along[taken].min()))
            high = max(length, float(along[taken].max()))
            line = np.stack([line[0] + direction * low, line[0] + direction * high])
        kept.append(line)
    return np.array(kept).reshape(-1, 2, 2)


def corners_of(lines: Array) -> tuple[NDArray[np.intp], Array]:
    """Pairs of lines (m, 2) that meet at about a right angle near their ends, and where (m, 2)."""
    count = len(lines)
    if count < 2:
        return np.zeros((0, 2), np.intp), np.zeros((0, 2))
    i, j = np.triu_indices(count, 1)
    p, r = lines[i, 0], lines[i, 1] - lines[i, 0]
    q, s = lines[j, 0], lines[j, 1] - lines[j, 0]
    cross = r[:, 0] * s[:, 1] - r[:, 1] * s[:, 0]
    lengths = np.linalg.norm(r, axis=1), np.linalg.norm(s, axis=1)
    square = np.abs(cross) > 0.87 * lengths[0] * lengths[1]
    safe = np.where(square, cross, 1.0)
    gap = q - p
    t = (gap[:, 0] * s[:, 1] - gap[:, 1] * s[:, 0]) / safe
    u = (gap[:, 0] * r[:, 1] - gap[:, 1] * r[:, 0]) / safe
    near = square
    for share, length in ((t, lengths[0]), (u, lengths[1])):
        beyond = np.minimum(np.abs(share), np.abs(share - 1)) * length
        near = near & (beyond < np.maximum(8.0, 0.3 * length)) & (share > -0.4) & (share < 1.4)
    meeting = p + r * t[:, None]
    return np.stack([i, j], axis=1)[near], meeting[near]


def completed(lines: Array, size: tuple[float, float] | None = None) -> Array:
    """(n, 4, 2) whole outlines from three sides, or from two where the (short, long) size of a card is known."""
    pairs, points = corners_of(lines)
    found = _from_three_sides(lines, pairs, points)
    if size is not None:
        for pair, point in zip(pairs, points, strict=True):
            right, down = (_arm(lines[line], point) for line in pair)
            for a, b in ((right * size[0], down * size[1]), (right * size[1], down * size[0])):
                found.append(np.stack([point, point + a, point + a + b, point + b]))
    return np.array(found).reshape(-1, 4, 2)


def _from_three_sides(lines: Array, pairs: NDArray[np.intp], points: Array) -> list[Array]:
    """Two corners on one line give a side and the directions of its neighbours; a card's shape gives the rest."""
    by_line: dict[int, list[tuple[Array, Array]]] = {}
    for (i, j), point in zip(pairs, points, strict=True):
        by_line.setdefault(int(i), []).append((point, _arm(lines[j], point)))
        by_line.setdefault(int(j), []).append((point, _arm(lines[i], point)))
    found: list[Array] = []
    for corners in by_line.values():
        for (p, along_p), (q, along_q) in combinations(corners, 2):
            width = float(np.linalg.norm(q - p))
            if width >= 20 and float(along_p @ along_q) >= 0.9:
                lengths = (width / CARD_ASPECT, width * CARD_ASPECT)
                found.extend(np.stack([p, q, q + along_q * length, p + along_p * length]) for length in lengths)
    return found


def _arm(line: Array, corner: Array) -> Array:
    """Unit direction from a corner along a line, towards its further end."""
    far = line[int(np.linalg.norm(line - corner, axis=1).argmax())]
    arm: Array = (far - corner) / max(float(np.linalg.norm(far - corner)), 1e-6)
    return arm
