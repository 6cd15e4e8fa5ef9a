"""Finding and recognising the text of a straightened card by RapidOCR. What the lines mean: ml/lines.py."""

from collections.abc import Sequence
from dataclasses import replace
from threading import Lock
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.lines import BOTTOM_START, TOP_END, interpreted, name_texts
from ml.numbers import MAGIC, POKEMON
from ml.page import Box, Page, cut, lying, mirrored
from ml.rectify import turned as turned_crop
from ml.spelling import Seen, fits, seen
from ml.types import Crop, Line, Picture, Reading

DETECTION_WIDTH, DETECTION_HEIGHT = 544, 768
SMALLEST_PX_PER_MM = 2.0
"""Below this not even a name is legible."""
FINE_PX_PER_MM = 5.0
"""From here on a second look at the number strip is worth its time."""
CLEAR = 0.85
"""Confidence of a title's line from which the rules text is not asked for the name."""
NUMBERS_START = 0.885
"""Share of the height below which every Pokemon card prints its number; weakness and retreat above it tell nothing new."""
STRIPS = ((0.10, 0.929, 0.36, 0.966), (0.10, 0.936, 0.36, 0.973), (0.14, 0.929, 0.32, 0.966))
"""Where Pokemon cards since 2017 print their number, as shares of width and height: some of these hold little else."""
MOST_LOW_LINES = 3
WORTH_READING = 12.0
"""Letters, each as much as it was sure, that are read of two lines only where they stand upright."""


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
        known = self._put_upright(pages, doubted)
        lines = self._lines(pages, [(i, box) for i, page in enumerate(pages) if page for box in page.top()], known)
        for i, more in enumerate(self._lines(pages, self._bottom_boxes(pages, lines, game), known)):
            lines[i] += more
        readings = [interpreted(found, game=game) for found in lines]
        bodies: list[list[Line]] = [[] for _ in crops]
        for i, found in enumerate(self._lines(pages, self._body_boxes(pages, readings, game), known)):
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

    def _page(self, crop: Crop) -> Page:
        """Every line of a card that may lie any way; one whose lines run upwards or downwards is turned by a quarter."""
        page = self._whole(crop.picture)
        return self._whole(turned_crop(crop, 1).picture, turns=1) if page.is_sideways() else page

    def _whole(self, picture: Picture, *, turns: int = 0) -> Page:
        """The lines of the whole of a card as it lies."""
        return Page(picture, *lying(self.corners(picture, (DETECTION_WIDTH, DETECTION_HEIGHT))), turns=turns)

    def _ends(self, picture: Picture) -> Page:
        """The lines of a card's top and bottom, looked for in one picture made of both."""
        height = picture.shape[0]
        top, bottom = round(TOP_END * height), round(BOTTOM_START * height)
        both = np.concatenate([picture[:top], picture[bottom:]])
        size = (DETECTION_WIDTH, 32 * round(DETECTION_HEIGHT * len(both) / height / 32))
        corners = self.corners(np.asarray(both, np.uint8), size)
        # A line across the seam is none.
        corners = corners[(corners[:, :, 1].max(axis=1) < top) | (corners[:, :, 1].min(axis=1) > top)]
        corners[:, :, 1] += np.where(corners[:, :, 1] > top, bottom - top, 0)
        return Page(picture, *lying(corners), whole=False)

    def _put_upright(self, pages: list[Page | None], doubted: Sequence[bool]) -> "_Known":
        """Turn those pages round that stand on their heads: what reads better is upright. Answers what was read for it."""
        widest = {
            i: sorted(page.boxes, key=lambda box: box[0] - box[2])[:4]
            for i, page in enumerate(pages)
            if page and doubted[i]
        }
        worth = {i: np.zeros(2) for i in widest}
        ways: dict[tuple[int, Box], tuple[_Text, _Text]] = {}
        # Two lines are enough for most; the next two are asked where these leave a doubt.
        for first in (0, 2):
            jobs = [
                (i, box) for i, boxes in widest.items() if not _is_clear(worth[i]) for box in boxes[first : first + 2]
            ]
            pictures = [cut(page.picture, box) for i, box in jobs if (page := pages[i])]
            both = self.recognised(pictures + [np.ascontiguousarray(p[::-1, ::-1]) for p in pictures])
            for (i, box), *read in zip(jobs, both[: len(jobs)], both[len(jobs) :], strict=True):
                ways[i, box] = read[0], read[1]
                worth[i] += [c * min(len(t), 25) if c > 0.5 else 0.0 for t, c in read]
        heads = {i: bool(worth[i][1] > 1.15 * worth[i][0]) for i in widest}
        for i, page in enumerate(pages):
            if page and heads.get(i):
                pages[i] = page.inverted()
        return {
            (i, mirrored(box, page.picture) if heads[i] else box): read[heads[i]]
            for (i, box), read in ways.items()
            if (page := pages[i])
        }

    @staticmethod
    def _bottom_boxes(
        pages: Sequence[Page | None], tops: Sequence[Sequence[Line]], game: str | None
    ) -> list[tuple[int, Box]]:
        """The lines of the bottom; of a Pokemon card that its top gives away those alone that may be its number."""
        starts = [NUMBERS_START if (game or interpreted(top).game) == POKEMON else BOTTOM_START for top in tops]
        return [
            (i, box)
            for i, (page, start) in enumerate(zip(pages, starts, strict=True))
            if page
            for box in page.bottom(start)
        ]

    def _body_boxes(
        self, pages: list[Page | None], readings: Sequence[Reading], game: str | None
    ) -> list[tuple[int, Box]]:
        """The first lines of the rules of Magic cards whose title is not clear: many of them speak of themselves by name."""
        jobs = []
        for i, page in enumerate(pages):
            if page is None or (game or readings[i].game) not in (None, MAGIC) or _has_clear_title(readings[i], game):
                continue
            if not page.whole:
                page = pages[i] = self._whole(page.picture, turns=page.turns)
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

    def numbers(self, crop: Crop, texts: Sequence[str], lines: Sequence[Line] = ()) -> dict[str, float]:
        """See `ml.interfaces.NumberMatcher`."""
        if not texts or crop.px_per_mm < FINE_PX_PER_MM:
            return {}
        height, width = crop.picture.shape[:2]
        found = np.full(len(texts), -np.inf, np.float32)
        # Apart, for a batch is as wide as its widest line.
        for shares in (STRIPS, _low(lines)):
            boxes = [(x0 * width, y0 * height, x1 * width, y1 * height) for x0, y0, x1, y1 in shares]
            for line in self.seen([cut(crop.picture, box) for box in boxes]):
                found = np.maximum(found, fits(line, texts))
        return {text: float(value) for text, value in zip(texts, found, strict=True)}

    def seen(self, pictures: Sequence[Picture]) -> list[Seen]:
        """What the recogniser sees in pictures of lines of one size, before it makes up its mind."""
        if not pictures:
            return []
        recogniser = self._loaded().text_rec
        ratio = max(p.shape[1] / p.shape[0] for p in pictures)
        batch = np.stack([recogniser.resize_norm_img(np.ascontiguousarray(p[..., ::-1]), ratio) for p in pictures])
        with self._lock:
            answers = recogniser.session(batch.astype(np.float32))
        return [seen(np.asarray(answer, np.float32), recogniser.postprocess_op.character) for answer in answers]

    def _lines(
        self, pages: Sequence[Page | None], jobs: Sequence[tuple[int, Box]], known: "_Known | None" = None
    ) -> list[list[Line]]:
        """The recognised lines of each page; all pages' lines go through the network together, but those that are known."""
        read = dict(known or {})
        new = [job for job in jobs if job not in read]
        read.update(
            zip(new, self.recognised([cut(page.picture, box) for i, box in new if (page := pages[i])]), strict=True)
        )
        lines: list[list[Line]] = [[] for _ in pages]
        for i, box in jobs:
            (text, confidence), page = read[i, box], pages[i]
            if page and text.strip() and confidence > 0.3:
                height, width = page.picture.shape[:2]
                share = (box[0] / width, box[1] / height, box[2] / width, box[3] / height)
                lines[i].append(Line(text.strip(), confidence, share))
        return lines

    def _fine_boxes(self, picture: Picture) -> list[Box]:
        """Text lines of the lowest part of a card, looked for at full size."""
        height, width = picture.shape[:2]
        top = int(height * 0.88)
        found, _ = lying(self.corners(picture[top:], (width, 192)))
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


_Text = tuple[str, float]
_Known = dict[tuple[int, Box], _Text]
"""What was read of a page's line."""


def _low(lines: Sequence[Line]) -> list[Box]:
    """Where the lowest lines stand that may hold a number."""
    low = [
        line.box
        for line in lines
        if (line.box[1] + line.box[3]) / 2 > NUMBERS_START and line.box[2] - line.box[0] < 0.3
    ]
    return sorted(low, key=lambda box: -box[3])[:MOST_LOW_LINES]


def _is_clear(worth: NDArray[np.float64]) -> bool:
    """Whether what was read so far, upright and on its head, leaves no doubt which way is up."""
    return bool(worth.max() > WORTH_READING and worth.max() > 2 * worth.min())


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
