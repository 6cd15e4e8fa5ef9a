"""Finding and recognising the text of a straightened card by RapidOCR. What the lines mean: ml/lines.py."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.lines import BOTTOM_START, TOP_END, interpreted, name_texts
from ml.numbers import MAGIC
from ml.rectify import turned as turned_crop
from ml.spelling import Seen, fits, seen
from ml.types import Crop, Line, Picture, Reading

DETECTION_WIDTH, DETECTION_HEIGHT = 544, 768
Box = tuple[float, float, float, float]
SMALLEST_PX_PER_MM = 2.0
"""Below this not even a name is legible."""
FINE_PX_PER_MM = 5.0
"""From here on a second look at the number strip is worth its time."""
CLEAR = 0.85
"""Confidence of a title's line from which the rules text is not asked for the name."""
MOST_BODY_LINES = 5
STRIPS = (
    (0.10, 0.922, 0.36, 0.959),
    (0.10, 0.929, 0.36, 0.966),
    (0.10, 0.936, 0.36, 0.966),
    (0.14, 0.929, 0.32, 0.966),
    (0.14, 0.936, 0.32, 0.973),
)
"""Where Pokemon cards since 2017 print their number, as shares of width and height: some of these hold little else."""
THICKEST = 180
"""Pixels of a straightened card from which an outline is a whole picture taken for a line."""


class OcrReader:
    """Finds text lines where a card prints its name and number, and recognises them; all cards' lines go through together.

    A card whose upright way is known is looked at in its top and its bottom alone, which halves the work. The models load on
    first use.
    """

    version = "ppocrv6-small-2"

    def __init__(self, *, threads: int = 0) -> None:
        """threads: for the recogniser; 0 leaves it to the runtime."""
        self._threads = threads
        self._engine: Any = None
        self._lock = Lock()

    def read(
        self, crops: Sequence[Crop], *, game: str | None = None, may_be_turned: Sequence[bool] = ()
    ) -> list[Reading]:
        """See `ml.interfaces.Reader`."""
        doubted = [*may_be_turned, *[False] * (len(crops) - len(may_be_turned))]
        pages = [
            None if crop.px_per_mm < SMALLEST_PX_PER_MM else self._page(crop) if doubt else self._ends(crop.picture)
            for crop, doubt in zip(crops, doubted, strict=True)
        ]
        self._put_upright(pages, doubted)
        lines = self._lines(pages, [(i, box) for i, page in enumerate(pages) if page for box in page.wanted()])
        readings = [interpreted(found, game=game) for found in lines]
        bodies: list[list[Line]] = [[] for _ in crops]
        for i, found in enumerate(self._lines(pages, self._body_boxes(pages, readings, game))):
            bodies[i] = found
        fine = [
            (i, box)
            for i, page in enumerate(pages)
            if page and not readings[i].number and crops[i].px_per_mm >= FINE_PX_PER_MM
            for box in self._fine_boxes(page.picture)
        ]
        for i, more in enumerate(self._lines(pages, fine)):
            if more or bodies[i]:
                readings[i] = interpreted(_without_doubles(lines[i], more), game=game, body=bodies[i])
        return [
            replace(reading, turned=page.turns if page else 0) for reading, page in zip(readings, pages, strict=True)
        ]

    def _page(self, crop: Crop) -> "_Page":
        """Every line of a card that may lie any way; one whose lines run upwards or downwards is turned by a quarter."""
        page = _Page(crop.picture, *_lying(self.corners(crop.picture, (DETECTION_WIDTH, DETECTION_HEIGHT))))
        if not page.is_sideways():
            return page
        picture = turned_crop(crop, 1).picture
        return _Page(picture, *_lying(self.corners(picture, (DETECTION_WIDTH, DETECTION_HEIGHT))), turns=1)

    def _ends(self, picture: Picture) -> "_Page":
        """The lines of a card's top and bottom, looked for in one picture made of both."""
        height = picture.shape[0]
        top, bottom = round(TOP_END * height), round(BOTTOM_START * height)
        both = np.concatenate([picture[:top], picture[bottom:]])
        size = (DETECTION_WIDTH, 32 * round(DETECTION_HEIGHT * len(both) / height / 32))
        corners = self.corners(np.asarray(both, np.uint8), size)
        # A line across the seam is none.
        corners = corners[(corners[:, :, 1].max(axis=1) < top) | (corners[:, :, 1].min(axis=1) > top)]
        corners[:, :, 1] += np.where(corners[:, :, 1] > top, bottom - top, 0)
        return _Page(picture, *_lying(corners), whole=False)

    def _put_upright(self, pages: list["_Page | None"], doubted: Sequence[bool]) -> None:
        """Turn those pages round that stand on their heads: what reads better is upright."""
        doubtful = [(i, page) for i, page in enumerate(pages) if page and doubted[i]]
        widest = [sorted(page.boxes, key=lambda box: box[0] - box[2])[:4] for _, page in doubtful]
        pictures = [_cut(page.picture, box) for (_, page), boxes in zip(doubtful, widest, strict=True) for box in boxes]
        both = self.recognised(pictures + [np.ascontiguousarray(p[::-1, ::-1]) for p in pictures])
        worth = [c * min(len(t), 25) if c > 0.5 else 0.0 for t, c in both]
        at = 0
        for (i, page), boxes in zip(doubtful, widest, strict=True):
            upright = sum(worth[at : at + len(boxes)])
            inverted = sum(worth[at + len(pictures) : at + len(pictures) + len(boxes)])
            if inverted > 1.15 * upright:
                pages[i] = page.inverted()
            at += len(boxes)

    def _body_boxes(
        self, pages: list["_Page | None"], readings: Sequence[Reading], game: str | None
    ) -> list[tuple[int, Box]]:
        """The first lines of the rules of Magic cards whose title is not clear: many of them speak of themselves by name."""
        jobs = []
        for i, page in enumerate(pages):
            if page is None or (game or readings[i].game) not in (None, MAGIC) or _has_clear_title(readings[i], game):
                continue
            if not page.whole:
                found = _lying(self.corners(page.picture, (DETECTION_WIDTH, DETECTION_HEIGHT)))
                page = pages[i] = replace(page, boxes=found[0], tall=found[1], whole=True)
            jobs += [(i, box) for box in page.body()]
        return jobs

    def corners(self, picture: Picture, size: tuple[int, int]) -> NDArray[np.float32]:
        """Text lines anywhere in a picture: (n, 4, 2) corners in its pixels. size: (width, height) to look at."""
        engine = self._loaded()
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        with self._lock:
            answer = engine.text_det(np.ascontiguousarray(small[..., ::-1]))
        if answer.boxes is None:
            return np.zeros((0, 4, 2), np.float32)
        scale = np.array([picture.shape[1] / size[0], picture.shape[0] / size[1]])
        return np.asarray(np.asarray(answer.boxes).reshape(-1, 4, 2) * scale, np.float32)

    def recognised(self, pictures: Sequence[Picture]) -> list[tuple[str, float]]:
        """The text of each line's picture, and how sure of it the network is."""
        if not pictures:
            return []
        from rapidocr.ch_ppocr_rec import TextRecInput

        engine = self._loaded()
        with self._lock:
            answer = engine.text_rec(TextRecInput(img=[np.ascontiguousarray(p[..., ::-1]) for p in pictures]))
        return [(str(text), float(score)) for text, score in zip(answer.txts, answer.scores, strict=True)]

    def numbers(self, crop: Crop, texts: Sequence[str]) -> dict[str, float]:
        """See `ml.interfaces.NumberMatcher`."""
        if not texts or crop.px_per_mm < FINE_PX_PER_MM:
            return {}
        height, width = crop.picture.shape[:2]
        boxes = [(x0 * width, y0 * height, x1 * width, y1 * height) for x0, y0, x1, y1 in STRIPS]
        found = np.max([fits(line, texts) for line in self.seen([_cut(crop.picture, box) for box in boxes])], axis=0)
        return {text: float(value) for text, value in zip(texts, found, strict=True)}

    def seen(self, pictures: Sequence[Picture]) -> list[Seen]:
        """What the recogniser sees in pictures of lines of one size, before it makes up its mind."""
        recogniser = self._loaded().text_rec
        ratio = max(p.shape[1] / p.shape[0] for p in pictures)
        batch = np.stack([recogniser.resize_norm_img(np.ascontiguousarray(p[..., ::-1]), ratio) for p in pictures])
        with self._lock:
            answers = recogniser.session(batch.astype(np.float32))
        return [seen(np.asarray(answer, np.float32), recogniser.postprocess_op.character) for answer in answers]

    def _lines(self, pages: Sequence["_Page | None"], jobs: Sequence[tuple[int, Box]]) -> list[list[Line]]:
        """The recognised lines of each page; all pages' lines go through the network together."""
        pictures = [_cut(page.picture, box) for i, box in jobs if (page := pages[i])]
        lines: list[list[Line]] = [[] for _ in pages]
        for (i, box), (text, confidence) in zip(jobs, self.recognised(pictures), strict=True):
            page = pages[i]
            if page and text.strip() and confidence > 0.3:
                height, width = page.picture.shape[:2]
                share = (box[0] / width, box[1] / height, box[2] / width, box[3] / height)
                lines[i].append(Line(text.strip(), confidence, share))
        return lines

    def _fine_boxes(self, picture: Picture) -> list[Box]:
        """Text lines of the lowest part of a card, looked for at full size."""
        height, width = picture.shape[:2]
        top = int(height * 0.88)
        found, _ = _lying(self.corners(picture[top:], (width, 192)))
        return [(x0, y0 + top, x1, y1 + top) for x0, y0, x1, y1 in found]

    def _loaded(self) -> Any:
        if self._engine is None:
            with self._lock:
                if self._engine is None:
                    self._engine = self._start()
        return self._engine

    def _start(self) -> Any:
        from rapidocr import RapidOCR

        params = {
            "Global.log_level": "error",
            "Det.limit_type": "max",
            "Det.limit_side_len": 1024,
            "Rec.rec_batch_num": 8,
        }
        if self._threads:
            params["EngineConfig.onnxruntime.intra_op_num_threads"] = self._threads
        engine = RapidOCR(params=params)
        # The library loads its networks on the first picture; a blank one makes that happen here.
        blank = np.full((96, 320, 3), 255, np.uint8)
        engine(blank, use_det=True, use_cls=False, use_rec=False)
        engine(blank, use_det=False, use_cls=False, use_rec=True)
        return engine


@dataclass(frozen=True, slots=True)
class _Page:
    """A card's picture and where its text lines are, in pixels. whole: whether they were looked for everywhere."""

    picture: Picture
    boxes: list[Box]
    tall: list[Box]
    turns: int = 0
    whole: bool = True

    def is_sideways(self) -> bool:
        """Whether most of the text runs upwards or downwards."""
        return len(self.tall) >= 2 and sum(map(_area, self.tall)) > 1.5 * sum(map(_area, self.boxes))

    def inverted(self) -> "_Page":
        """The page on its head."""
        height, width = self.picture.shape[:2]
        boxes, tall = (
            [(width - x1, height - y1, width - x0, height - y0) for x0, y0, x1, y1 in found]
            for found in (self.boxes, self.tall)
        )
        picture = np.ascontiguousarray(self.picture[::-1, ::-1])
        return replace(self, picture=picture, boxes=boxes, tall=tall, turns=self.turns + 2)

    def wanted(self) -> list[Box]:
        """The lines of the top and the bottom; where no title was found, the place where titles stand."""
        height, width = self.picture.shape[:2]
        middles = [(box[1] + box[3]) / 2 / height for box in self.boxes]
        chosen = [b for b, m in zip(self.boxes, middles, strict=True) if m < TOP_END or m > BOTTOM_START]
        wide = [b[2] - b[0] for b, m in zip(self.boxes, middles, strict=True) if m < 0.12]
        if not wide or max(wide) < 0.15 * width:
            chosen.append((0.05 * width, 0.034 * height, 0.78 * width, 0.094 * height))
        return chosen

    def body(self) -> list[Box]:
        """The first lines between, below the middle, from top to bottom."""
        height = self.picture.shape[0]
        between = [b for b in self.boxes if 0.58 < (b[1] + b[3]) / 2 / height <= BOTTOM_START]
        return sorted(between, key=lambda box: box[1])[:MOST_BODY_LINES]


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _lying(corners: NDArray[np.float32]) -> tuple[list[Box], list[Box]]:
    """(n, 4, 2) corners as left, top, right, bottom: lines that run across, and lines that run upwards or downwards."""
    wide: list[Box] = []
    tall: list[Box] = []
    for low, high in zip(corners.min(axis=1), corners.max(axis=1), strict=True):
        box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
        across, down = high - low
        if min(across, down) > THICKEST:
            continue
        (wide if across > 0.6 * down else tall).append(box)
    return wide, [box for box in tall if box[3] - box[1] > 2 * (box[2] - box[0])]


def _has_clear_title(reading: Reading, game: str | None) -> bool:
    texts = name_texts(reading.lines, game or reading.game)
    return any(line.confidence >= CLEAR and texts and texts[0] in line.text for line in reading.lines)


def _without_doubles(lines: Sequence[Line], more: Sequence[Line]) -> list[Line]:
    """Both, and where two lie on each other the surer one."""
    kept = list(lines)
    for line in more:
        middle = (line.box[1] + line.box[3]) / 2
        same = [k for k in kept if k.box[1] < middle < k.box[3] and k.box[0] < line.box[2] and line.box[0] < k.box[2]]
        if all(line.confidence > k.confidence for k in same):
            kept = [k for k in kept if k not in same] + [line]
    return kept


def _cut(picture: Picture, box: Box) -> Picture:
    left, top, right, bottom = box
    grow = 0.06 * (bottom - top)
    height, width = picture.shape[:2]
    x0, x1 = max(0, int(left - grow)), min(width, int(np.ceil(right + grow)))
    y0, y1 = max(0, int(top - grow)), min(height, int(np.ceil(bottom + grow)))
    return picture[y0 : max(y1, y0 + 4), x0 : max(x1, x0 + 4)]
