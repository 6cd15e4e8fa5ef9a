"""What grading says about a card: frozen values that turn into JSON and back. No measuring here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["centering", "whitening", "bend", "scratch", "print_line", "stain"]
Part = Literal["centering", "corners", "edges", "surface"]

KINDS: tuple[Kind, ...] = ("whitening", "bend", "scratch", "print_line", "stain")
"""What the net looks for, in the order of its masks."""
PARTS: tuple[Part, ...] = ("centering", "corners", "edges", "surface")


@dataclass(frozen=True, slots=True)
class Centering:
    """Border widths in millimetres (of a card 63 mm wide), and the larger share of each axis in percent (50 is perfect).

    error: percentage points by which a share may be off (one standard deviation). by: whether the printed border was
    measured, or, on a card without one, where the design lies against its reference picture.
    """

    left: float
    right: float
    top: float
    bottom: float
    horizontal: float
    vertical: float
    error: float = 0.5
    by: Literal["border", "reference"] = "border"

    @classmethod
    def of(
        cls,
        left: float,
        right: float,
        top: float,
        bottom: float,
        *,
        error: float = 0.5,
        by: Literal["border", "reference"] = "border",
    ) -> "Centering":
        """From the four widths. Raises ValueError where an axis has no border at all."""
        if min(left, right, top, bottom) < 0 or left + right <= 0 or top + bottom <= 0:
            raise ValueError("Each axis needs a border, and no width is negative.")
        horizontal = 100 * max(left, right) / (left + right)
        vertical = 100 * max(top, bottom) / (top + bottom)
        return cls(left, right, top, bottom, horizontal, vertical, error, by)

    @property
    def worst(self) -> float:
        """The larger share of the worse axis, which is the one that counts."""
        return max(self.horizontal, self.vertical)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "left_mm": round(self.left, 3),
            "right_mm": round(self.right, 3),
            "top_mm": round(self.top, 3),
            "bottom_mm": round(self.bottom, 3),
            "horizontal": round(self.horizontal, 2),
            "vertical": round(self.vertical, 2),
            "error": round(self.error, 2),
            "by": self.by,
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> "Centering":
        """What `to_dict` gave, back. Raises KeyError on anything else."""
        left, right, top, bottom = (told[f"{side}_mm"] for side in ("left", "right", "top", "bottom"))
        return cls(left, right, top, bottom, told["horizontal"], told["vertical"], told["error"], told["by"])


@dataclass(frozen=True, slots=True)
class Defect:
    """A region that costs points.

    box: left, top, right, bottom as shares of the straightened card's width and height. extent: millimetres of length
    (bends, scratches, print lines, whitening along an edge) or square millimetres (stains, whitening of a corner).
    points: what the subgrade of `part` would gain without it.
    """

    kind: Kind
    part: Part
    place: str
    box: tuple[float, float, float, float]
    extent: float
    points: float
    side: Literal["front", "back"] = "front"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "kind": self.kind,
            "part": self.part,
            "place": self.place,
            "box": [round(v, 4) for v in self.box],
            "extent": round(self.extent, 2),
            "points": round(self.points, 2),
            "side": self.side,
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> "Defect":
        """What `to_dict` gave, back. Raises KeyError on anything else."""
        left, top, right, bottom = told["box"]
        return cls(
            told["kind"],
            told["part"],
            told["place"],
            (left, top, right, bottom),
            told["extent"],
            told["points"],
            told["side"],
        )


@dataclass(frozen=True, slots=True)
class Grading:
    """An estimated grade, 1 to 10 in halves, and the range in which it may lie.

    subgrades: by part; a part that could not be measured is missing. limits: what the picture could not show, in words.
    advice: what would make the estimate more precise.
    """

    overall: float
    lowest: float
    highest: float
    centering: Centering | None
    subgrades: Mapping[str, float] = field(default_factory=dict)
    defects: tuple[Defect, ...] = ()
    limits: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    back_centering: Centering | None = None
    version: str = ""

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "overall": self.overall,
            "lowest": self.lowest,
            "highest": self.highest,
            "centering": self.centering.to_dict() if self.centering else None,
            "back_centering": self.back_centering.to_dict() if self.back_centering else None,
            "subgrades": {part: round(float(value), 1) for part, value in self.subgrades.items()},
            "defects": [defect.to_dict() for defect in self.defects],
            "limits": list(self.limits),
            "advice": list(self.advice),
            "version": self.version,
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> "Grading":
        """What `to_dict` gave, back. Raises KeyError on anything else."""
        front, back = told["centering"], told["back_centering"]
        return cls(
            overall=told["overall"],
            lowest=told["lowest"],
            highest=told["highest"],
            centering=Centering.from_dict(front) if front else None,
            subgrades=dict(told["subgrades"]),
            defects=tuple(Defect.from_dict(defect) for defect in told["defects"]),
            limits=tuple(told["limits"]),
            advice=tuple(told["advice"]),
            back_centering=Centering.from_dict(back) if back else None,
            version=told["version"],
        )
