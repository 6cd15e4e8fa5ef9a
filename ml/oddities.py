"""What is odd about a photo or a card in it: a screenshot, a screen, a playing card, a back. Shown, never decided.

Nothing here is trained; each measure separates real photographs and card faces from the odd ones by a wide gap, which is
named beside it.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.geometry import warp
from ml.moire import is_of_a_screen
from ml.types import CardResult, Picture, Quad

BLOCK = 8
FLAT = 0.38
"""Share of blocks of one even colour: at most 0.24 of 34 real photographs, at least 0.38 of 59 screenshots."""

CONCENTRATED = 0.3
"""Share of the three commonest even colours: at most 0.24 of the same photographs, at least 0.36 of the screenshots."""

TINTED = 0.12
"""Share of the commonest even colours that are neither white nor black; a flatbed scan on its white lid has less than 0.1."""

SCATTERED = 8
"""Separate small things on an even ground: words and buttons on a screen's page, unlike cards on a scanner."""

SYMMETRIC = 0.6
"""Correlation with itself on its head: at most 0.37 of 2,390 card faces, 0.8 and more of playing cards."""

PALE = 0.45
"""Share of white on a playing card's face; what is symmetric in colour is a back, or a card of plain energy."""

NAMED, FACE_DOWN = 0.5, 0.5


@dataclass(frozen=True, slots=True)
class Oddity:
    """What it is, in a word, and what a person is told."""

    kind: str
    message: str


SCREENSHOT = Oddity(
    "screenshot", "This looks like a screenshot, not a photo. To keep or sell a card, photograph the card itself."
)
SCREEN = Oddity("screen", "This looks like a photo of a screen. To keep or sell a card, photograph the card itself.")
PLAYING_CARD = Oddity(
    "playing card", "This looks like a playing card, which the catalogue does not have. Check before you keep it."
)
BACK = Oddity("back", "This is the back of a card: turn it over and photograph its face.")


def oddity_of(photo: Picture) -> Oddity | None:
    """What is odd about a photo as a whole; None for an ordinary one."""
    if is_screenshot(photo):
        return SCREENSHOT
    return SCREEN if is_of_a_screen(photo) else None


def watched(photo: Picture, card: CardResult, odd: Oddity | None) -> CardResult:
    """A card with what is odd about it or its photo, which leaves it undecided.

    What the detector, or its symmetry, calls a back is one unless something names it: a few real faces look like backs.
    """
    found = odd or (BACK if card.back >= FACE_DOWN else oddity_of_card(photo, card.quad))
    is_named = card.best is not None and card.best.probability >= NAMED
    if found is None or (found is BACK and is_named):
        return card
    return replace(card, decided=False, warnings=(found.message, *card.warnings))


def is_screenshot(photo: Picture) -> bool:
    """Whether most of it is even colour as only screens draw it: even after JPEG, no camera leaves such ground."""
    height, width = photo.shape[0] // BLOCK * BLOCK, photo.shape[1] // BLOCK * BLOCK
    if not height or not width:
        return False
    rows, columns = height // BLOCK, width // BLOCK
    light = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[:height, :width].reshape(rows, BLOCK, width)
    # Over the rows of a block first: that leaves an eighth for the slow way across.
    most = light.max(axis=1).reshape(rows, columns, BLOCK).max(axis=2)
    least = light.min(axis=1).reshape(rows, columns, BLOCK).min(axis=2)
    even = most - least <= 1
    if even.mean() < FLAT:
        return False
    colours = photo[:height:BLOCK, :width:BLOCK][even].astype(np.int16)
    if _commonest(colours) * even.mean() < CONCENTRATED:
        return False
    plain = (colours >= 249).all(axis=1) | (colours <= 6).all(axis=1)
    tinted = colours[~plain]
    if len(tinted) and _commonest(tinted) * len(tinted) / even.size >= TINTED:
        return True
    return _small_things(~even) >= SCATTERED


def _commonest(colours: NDArray[np.int16]) -> float:
    """Share of the three commonest colours, each with its next neighbours. colours: (n, 3), at least one."""
    coarse = (colours + 1) // 3
    codes = (coarse[:, 0].astype(np.int64) * 100 + coarse[:, 1]) * 100 + coarse[:, 2]
    counts = np.unique(codes, return_counts=True)[1]
    return float(np.sort(counts)[-3:].sum() / len(codes))


def _small_things(busy: NDArray[np.bool_]) -> int:
    """Connected parts that take less than a hundredth of the picture and more than a single block."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(busy.astype(np.uint8), connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    return int(((areas > 2) & (areas < 0.01 * busy.size)).sum())


def oddity_of_card(photo: Picture, quad: Quad) -> Oddity | None:
    """What is odd about one card: its face looks the same on its head. Playing cards do so on white, their backs in colour."""
    small = np.asarray(warp(photo, quad.corners, 96, 134), np.uint8)
    if symmetry(small) < SYMMETRIC:
        return None
    hue_saturation = cv2.cvtColor(small, cv2.COLOR_RGB2HSV)
    pale = ((hue_saturation[..., 1] < 60) & (hue_saturation[..., 2] > 120)).mean()
    return PLAYING_CARD if pale > PALE else BACK


def symmetry(small: Picture) -> float:
    """Correlation of a card's detail with itself on its head, -1 to 1, over small shifts of an outline that is a little off.

    small: (134, 96, 3) uint8. Fine detail and broad light are taken out first.
    """
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = cv2.GaussianBlur(grey, (0, 0), 1.0) - cv2.GaussianBlur(grey, (0, 0), 12.0)
    inner = detail[8:-8, 8:-8]
    if inner.std() < 3.0:
        return 0.0
    turned = np.ascontiguousarray(detail[::-1, ::-1])
    return float(cv2.matchTemplate(turned, np.ascontiguousarray(inner), cv2.TM_CCOEFF_NORMED).max())
