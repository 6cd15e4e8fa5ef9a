"""Reading: text lines of a straightened card by RapidOCR, and what they say about its number, set and name."""

import re
from collections.abc import Sequence
from threading import Lock
from typing import Any

import cv2
import numpy as np

from ml.numbers import MAGIC, ONE_PIECE, POKEMON, PrintedNumber, guessed_game, language_of, printed_numbers
from ml.types import Crop, Line, Picture, Reading

DETECTION_WIDTH, DETECTION_HEIGHT = 544, 768
SMALLEST_PX_PER_MM = 1.6
"""Below this not even a name is legible."""

TOP_END, BOTTOM_START = 0.17, 0.76
_NOISE = re.compile(
    r"^(basic|stage ?[12]|trainer|supporter|item|hp ?\d+|\d+ ?hp|\d{1,4}|evolves from.*|put .*on the.*|niveau ?[12]|base|dresseur|objet|character|leader|event|stage)$",
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

    def read(self, crops: Sequence[Crop], *, game: str | None = None) -> list[Reading]:
        """See `ml.interfaces.Reader`."""
        jobs: list[Picture] = []
        owners: list[tuple[int, tuple[float, float, float, float]]] = []
        for i, crop in enumerate(crops):
            if crop.px_per_mm < SMALLEST_PX_PER_MM:
                continue
            for part, box in self._line_pictures(crop):
                jobs.append(part)
                owners.append((i, box))
        lines: list[list[Line]] = [[] for _ in crops]
        for (i, box), (text, confidence) in zip(owners, self._recognised(jobs), strict=True):
            if text.strip() and confidence > 0.3:
                lines[i].append(Line(text.strip(), confidence, box))
        return [interpreted(found, game=game) for found in lines]

    def upright(self, crop: Crop) -> int:
        """See `ml.interfaces.Reader`. The widest lines are recognised both ways; what reads better is upright."""
        parts = sorted(self._boxes(crop.picture), key=lambda box: box[0] - box[2])[:5]
        pictures = [_cut(crop.picture, box) for box in parts]
        if not pictures:
            return 0
        both = self._recognised(pictures + [np.ascontiguousarray(p[::-1, ::-1]) for p in pictures])
        worth = [
            sum(c * min(len(t), 25) for t, c in half if c > 0.5)
            for half in (both[: len(pictures)], both[len(pictures) :])
        ]
        return 2 if worth[1] > 1.15 * worth[0] else 0

    def _line_pictures(self, crop: Crop) -> list[tuple[Picture, tuple[float, float, float, float]]]:
        height, width = crop.picture.shape[:2]
        found = []
        for box in self._boxes(crop.picture):
            left, top, right, bottom = box
            share = (left / width, top / height, right / width, bottom / height)
            middle = (share[1] + share[3]) / 2
            if middle < TOP_END or middle > BOTTOM_START:
                found.append((_cut(crop.picture, box), share))
        return found

    def _boxes(self, picture: Picture) -> list[tuple[float, float, float, float]]:
        """Text lines as left, top, right, bottom in pixels of the picture."""
        engine = self._loaded()
        small = cv2.resize(picture, (DETECTION_WIDTH, DETECTION_HEIGHT), interpolation=cv2.INTER_AREA)
        with self._lock:
            answer = engine.text_det(np.ascontiguousarray(small[..., ::-1]))
        if answer.boxes is None:
            return []
        scale = np.array([picture.shape[1] / DETECTION_WIDTH, picture.shape[0] / DETECTION_HEIGHT])
        boxes = []
        for corners in answer.boxes:
            low, high = (corners * scale).min(axis=0), (corners * scale).max(axis=0)
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
            "Det.limit_side_len": max(DETECTION_WIDTH, DETECTION_HEIGHT),
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


def _cut(picture: Picture, box: tuple[float, float, float, float]) -> Picture:
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
            place = {ONE_PIECE: plate, POKEMON: top, MAGIC: top}.get(game or "", max(top, 0.8 * plate))
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
