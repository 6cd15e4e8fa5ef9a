"""One outline seen closely: straightened with its surroundings, and back to the photo again."""

import cv2
import numpy as np

from ml.types import Floats, Picture

WIDTH, HEIGHT, MARGIN = 112, 144, 0.2
"""See `ml.nets.fit`, which is not imported here: it needs torch."""
_UNIT = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)


def onto_photo(outline: Floats) -> Floats:
    """(3, 3) from an outline's own frame, whose corners are those of the unit square, to the photo's pixels."""
    return np.asarray(cv2.getPerspectiveTransform(_UNIT, np.asarray(outline, np.float32)), np.float32)


def close_up(photo: Picture, outline: Floats) -> Picture:
    """(HEIGHT, WIDTH, 3): the outline upright as its corners say, with MARGIN of its surroundings on each side."""
    unit = np.array(
        [[(1 + 2 * MARGIN) / WIDTH, 0, -MARGIN], [0, (1 + 2 * MARGIN) / HEIGHT, -MARGIN], [0, 0, 1]], np.float32
    )
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]], np.float32)
    view = np.asarray(onto_photo(np.asarray(outline, np.float32) + np.float32(0.5)) @ unit @ half, np.float32)
    # where the photo has several pixels for one of the close-up, it is shrunk first, else edges would flicker
    scale = max(1.0, float(np.sqrt(abs(cv2.contourArea(np.asarray(outline, np.float32))) / (WIDTH * HEIGHT / 2))))
    last = np.array(photo.shape[1::-1]) - 1
    low = np.floor(_seen(view).min(axis=0)).astype(int).clip(0, last)
    high = np.ceil(_seen(view).max(axis=0)).astype(int).clip(0, last)
    part = photo[low[1] : high[1] + 1, low[0] : high[0] + 1]
    width, height = part.shape[1::-1]
    if scale > 1:
        size = (max(1, round(width / scale)), max(1, round(height / scale)))
        part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    shrink = np.diag([part.shape[1] / width, part.shape[0] / height, 1])
    shift = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1]], np.float64)
    centre = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
    whole = centre @ shrink @ shift @ view
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpPerspective(part, whole, (WIDTH, HEIGHT), flags=flags), np.uint8)


def _seen(view: Floats) -> Floats:
    """The close-up's own corners in the photo."""
    edge = np.array([[[0, 0]], [[WIDTH, 0]], [[WIDTH, HEIGHT]], [[0, HEIGHT]]], np.float32)
    return np.asarray(cv2.perspectiveTransform(edge, view)[:, 0], np.float32)


def moved(outline: Floats, offsets: Floats) -> Floats:
    """(4, 2) corners in the photo after offsets (4, 2) in shares of the outline's width and height."""
    points = (_UNIT + np.asarray(offsets, np.float32))[:, None]
    return np.asarray(cv2.perspectiveTransform(points, onto_photo(outline))[:, 0], np.float32)


def offsets_to(outline: Floats, truth: Floats) -> Floats:
    """(4, 2): by how much the corners of `truth` lie off the outline's, in shares of its width and height."""
    back = np.linalg.inv(onto_photo(outline).astype(np.float64))
    own = cv2.perspectiveTransform(np.asarray(truth, np.float64)[:, None], back)[:, 0]
    return np.asarray(own - _UNIT, np.float32)
