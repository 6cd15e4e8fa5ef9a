"""Reading: text lines of a straightened card by RapidOCR, and what they say about its number, set and name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.numbers import MAGIC, ONE_PIECE, POKEMON, PrintedNumber, guessed_game, language_of, printed_numbers
from ml.types import Crop, Line, Picture, Reading

DETECTION_WIDTH, DETECTION_HEIGHT = 544, 768
Box = tuple[float, float, float, float]
SMALLEST_PX_PER_MM = 2.6
"""Below this not even a name is legible."""
FINE_PX_PER_MM = 7.0
"""From here on a second look at the number strip is worth its time."""

TOP_END, BOTTOM_START = 0.17, 0.76
_NOISE = re.compile(
    r"^(basic|stage ?[12]|trainer|supporter|item|hp ?\d+|\d+ ?hp|\d{1,4}|evolves from.*|put .*on the.*"
    r"|niveau ?[12]|base|dresseur|objet|character|leader|event|stage)$",
    re.IGNORECASE,
)
_AROUND_NAME = re.compile(
    r"(^(basic|stage ?[12]|base|niveau ?[12])\s+)|(\s*(hp|pv)?\s*\d{2,3}\s*(hp|pv)?\s*[^\w]*$)", re.IGNORECASE
)


class OcrReader:
    """Finds text lines on the whole card, recognises those at its top and its bottom. The models load on first use."""

    version = "ppocrv6-small-1"

    def __init__(self, *, threads: int = 0) -> None:
        """threads: for the recogniser; 0 leaves it to the runtime."""
        self._threads = threads
        self._engine: Any = None
        self._lock = Lock()

    def read(
        self, crops: Sequence[Crop], *, game: str | None = None, may_be_turned: Sequence[bool] = ()
    ) -> list[Reading]:
        """See `ml.interfaces.Reader`."""
        legible = [crop.px_per_mm >= SMALLEST_PX_PER_MM for crop in crops]
        pages = [
            _Page(crop.picture, self._boxes(crop.picture)) if ok else None
            for crop, ok in zip(crops, legible, strict=True)
        ]
        doubtful = [i for i, page in enumerate(pages) if page and i < len(may_be_turned) and may_be_turned[i]]
        turned = self._turned([page for i in doubtful if (page := pages[i])])
        for i, turn in zip(doubtful, turned, strict=True):
            page = pages[i]
            if turn and page:
                pages[i] = page.turned()
        jobs = [(i, box) for i, page in enumerate(pages) if page for box in page.wanted()]
        lines = self._lines(pages, jobs, len(crops))
        readings = [interpreted(found, game=game) for found in lines]
        again = [
            (i, box)
            for i, page in enumerate(pages)
            if page and not readings[i].number and crops[i].px_per_mm >= FINE_PX_PER_MM
            for box in self._fine_boxes(page.picture)
        ]
        if again:
            for i, more in enumerate(self._lines(pages, again, len(crops))):
                if more:
                    lines[i] = _without_doubles(lines[i], more)
                    readings[i] = interpreted(lines[i], game=game)
        flips = {i: 2 for i, turn in zip(doubtful, turned, strict=True) if turn}
        return [replace(reading, turned=flips.get(i, 0)) for i, reading in enumerate(readings)]

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
        return self._recognised(pictures)

    def _lines(self, pages: Sequence["_Page | None"], jobs: Sequence[tuple[int, Box]], count: int) -> list[list[Line]]:
        """The recognised lines of each page; all pages' lines go through the network together."""
        pictures = [_cut(page.picture, box) for i, box in jobs if (page := pages[i])]
        lines: list[list[Line]] = [[] for _ in range(count)]
        for (i, box), (text, confidence) in zip(jobs, self._recognised(pictures), strict=True):
            page = pages[i]
            if page and text.strip() and confidence > 0.3:
                height, width = page.picture.shape[:2]
                share = (box[0] / width, box[1] / height, box[2] / width, box[3] / height)
                lines[i].append(Line(text.strip(), confidence, share))
        return lines

    def _turned(self, pages: Sequence["_Page"]) -> list[bool]:
        """Which pages stand on their heads: their widest lines are recognised both ways, what reads better is upright."""
        widest = [sorted(page.boxes, key=lambda box: box[0] - box[2])[:4] for page in pages]
        pictures = [_cut(page.picture, box) for page, boxes in zip(pages, widest, strict=True) for box in boxes]
        both = self._recognised(pictures + [np.ascontiguousarray(p[::-1, ::-1]) for p in pictures])
        worth = [c * min(len(t), 25) if c > 0.5 else 0.0 for t, c in both]
        answers, at = [], 0
        for boxes in widest:
            upright = sum(worth[at : at + len(boxes)])
            inverted = sum(worth[at + len(pictures) : at + len(pictures) + len(boxes)])
            answers.append(inverted > 1.15 * upright)
            at += len(boxes)
        return answers

    def _fine_boxes(self, picture: Picture) -> list[Box]:
        """Text lines of the lowest part of a card, looked for at full size."""
        height = picture.shape[0]
        top = int(height * 0.88)
        strip = picture[top:]
        return [(x0, y0 + top, x1, y1 + top) for x0, y0, x1, y1 in self._boxes(strip, size=(strip.shape[1], 192))]

    def _boxes(self, picture: Picture, size: tuple[int, int] = (DETECTION_WIDTH, DETECTION_HEIGHT)) -> list[Box]:
        """Text lines as left, top, right, bottom in pixels of the picture; size: (width, height) to look at."""
        boxes = []
        for corners in self.corners(picture, size):
            low, high = corners.min(axis=0), corners.max(axis=0)
            if high[0] - low[0] > 0.6 * (high[1] - low[1]):
                boxes.append((float(low[0]), float(low[1]), float(high[0]), float(high[1])))
        return boxes

    def _recognised(self, pictures: Sequence[Picture]) -> list[tuple[str, float]]:
        if not pictures:
            return []
        from rapidocr.ch_ppocr_rec import TextRecInput

        engine = self._loaded()
        with self._lock:
            answer = engine.text_rec(TextRecInput(img=[np.ascontiguousarray(p[..., ::-1]) for p in pictures]))
        return [(str(text), float(score)) for text, score in zip(answer.txts, answer.scores, strict=True)]

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
    """A card's picture and where its text lines are, in pixels."""

    picture: Picture
    boxes: list[Box]

    def turned(self) -> "_Page":
        height, width = self.picture.shape[:2]
        boxes = [(width - x1, height - y1, width - x0, height - y0) for x0, y0, x1, y1 in self.boxes]
        return _Page(np.ascontiguousarray(self.picture[::-1, ::-1]), boxes)

    def wanted(self) -> list[Box]:
        """The lines of the top and the bottom; where no title was found, the place where titles stand."""
        height, width = self.picture.shape[:2]
        middles = [(box[1] + box[3]) / 2 / height for box in self.boxes]
        chosen = [b for b, m in zip(self.boxes, middles, strict=True) if m < TOP_END or m > BOTTOM_START]
        wide = [b[2] - b[0] for b, m in zip(self.boxes, middles, strict=True) if m < 0.12]
        if not wide or max(wide) < 0.15 * width:
            chosen.append((0.05 * width, 0.034 * height, 0.78 * width, 0.094 * height))
        return chosen


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


def interpreted(lines: Sequence[Line], *, game: str | None = None) -> Reading:
    """What text lines of a card mean: its number by the games' grammars, its game, and the texts that may be its name."""
    numbers = printed_numbers(lines, game=game)
    guess = game or guessed_game(lines, numbers)
    fitting = [n for n in numbers if guess is None or n.game == guess]
    number = fitting[0] if fitting else PrintedNumber("", "")
    names = name_texts(lines, guess)
    return Reading(
        number=number.number,
        total=number.total,
        set_code=number.set_code,
        name_text=names[0] if names else "",
        lines=tuple(lines),
        game=guess,
        language=number.language or language_of(lines),
        number_confidence=number.trust,
    )


def name_texts(lines: Sequence[Line], game: str | None) -> tuple[str, ...]:
    """Texts that may be the card's name, likeliest first: the top strip, and for One Piece the plate near the bottom."""
    scored: list[tuple[float, str]] = []
    for group in _rows(lines):
        texts = [line.text for line in group] + ([" ".join(line.text for line in group)] if len(group) > 1 else [])
        for text in texts:
            cleaned = _AROUND_NAME.sub("", text).strip(" .:|•-_")
            if len(cleaned) < 3 or _NOISE.match(cleaned) or sum(c.isalpha() for c in cleaned) < 0.55 * len(cleaned):
                continue
            middle = (group[0].box[1] + group[0].box[3]) / 2
            tall = max(line.box[3] - line.box[1] for line in group)
            confidence = min(line.confidence for line in group)
            top = 1.0 if 0.02 < middle < 0.13 else 0.6 if middle < TOP_END else 0.0
            plate = 1.0 if 0.80 < middle < 0.955 else 0.0
            place = {ONE_PIECE: plate, POKEMON: top, MAGIC: top}.get(game or "", max(top, 0.3 * plate))
            if place > 0:
                scored.append((place * (0.4 + min(tall, 0.06) / 0.06) * confidence, cleaned))
    seen: dict[str, float] = {}
    for score, text in sorted(scored, reverse=True):
        seen.setdefault(text, score)
    return tuple(seen)[:6]


def _rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines that stand beside each other, left to right."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda item: (item.box[1] + item.box[3]) / 2):
        middle = (line.box[1] + line.box[3]) / 2
        if rows and abs(middle - (rows[-1][0].box[1] + rows[-1][0].box[3]) / 2) < 0.4 * (line.box[3] - line.box[1]):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda item: item.box[0]) for row in rows]
