"""Who could swap what with whom: between two members and in rings of three, best for the worse-off side. Pure.

A card that its owner would trade away is worth KEPT of its fair value to them, and the whole of it to who wants it. So
a side gains what it gets less KEPT of what it gives; a match is as good as the gain of the side that gains least.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt

FIFTHS_KEPT = 4
"""KEPT is four fifths; gains are counted in fifths of a minor unit, so that nothing is rounded."""
MOST_OF_PAIR, MOST_OF_RING = 9, 5
"""Cards of a pile that are weighed against each other: the dearest. All their subsets are tried."""


@dataclass(frozen=True)
class Edge:
    """A card that `giver` would trade away and `taker` wants, worth `minor`."""

    giver: UUID
    taker: UUID
    item: UUID
    minor: int


@dataclass(frozen=True)
class Proposal:
    """Who swaps, in the order in which cards go round; `piles[i]` goes from members[i] to the next, gains in minor units.

    Gains are rounded down.
    """

    members: tuple[UUID, ...]
    piles: tuple[tuple[Edge, ...], ...]
    gains: tuple[int, ...]

    @property
    def worst(self) -> int:
        """The gain of who gains least."""
        return min(self.gains)


def best_piles(piles: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The subset of each pile (as a bit mask, none empty) for which the least of all gains is greatest.

    piles: values of what each of a ring of two or three gives to the next, > 0. Returns the masks and the gains in
    fifths; among equals the greater sum of gains, then the fewer cards. Raises ValueError on an empty pile.
    """
    if not 2 <= len(piles) <= 3 or not all(piles):
        raise ValueError("two or three piles, none of them empty")
    sums, masks, counts = zip(*(_subsets(pile) for pile in piles), strict=True)
    places = len(piles)
    shaped = [each.reshape([-1 if axis == place else 1 for axis in range(places)]) for place, each in enumerate(sums)]
    gains = [5 * shaped[place - 1] - FIFTHS_KEPT * shaped[place] for place in range(places)]
    least = np.minimum.reduce(np.broadcast_arrays(*gains))
    best = np.argwhere(least == least.max())
    total = sum(sums[place][best[:, place]] for place in range(places))
    cards = sum(counts[place][best[:, place]] for place in range(places))
    chosen = best[np.lexsort((cards, -total))[0]]
    at = [int(sums[place][chosen[place]]) for place in range(places)]
    return (
        tuple(int(masks[place][chosen[place]]) for place in range(places)),
        tuple(5 * at[place - 1] - FIFTHS_KEPT * at[place] for place in range(places)),
    )


def _subsets(values: Sequence[int]) -> tuple[npt.NDArray[np.int64], ...]:
    """Sums, masks and sizes of the non-empty subsets; of those with one sum the one of fewest cards."""
    masks = np.arange(1, 1 << len(values), dtype=np.int64)
    bits = (masks[:, None] >> np.arange(len(values))) & 1
    sums, counts = bits @ np.asarray(values, dtype=np.int64), bits.sum(axis=1)
    order = np.lexsort((masks, counts, sums))
    first = np.concatenate(([True], np.diff(sums[order]) != 0))
    kept = order[first]
    return sums[kept], masks[kept], counts[kept]


def proposals(edges: Iterable[Edge], *, of: UUID, most: int = 20) -> list[Proposal]:
    """The best matches of one member, best first: pairs and rings in which everybody gains."""
    between: dict[tuple[UUID, UUID], list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.minor > 0 and edge.giver != edge.taker:
            between[edge.giver, edge.taker].append(edge)
    takers = sorted({taker for giver, taker in between if giver == of})
    givers = sorted({giver for giver, taker in between if taker == of})
    rings: list[tuple[UUID, ...]] = [(of, other) for other in takers if other in set(givers)]
    rings += [(of, one, two) for one in takers for two in givers if one != two and (one, two) in between]
    found = [made for ring in rings if (made := _of_ring(ring, between)) is not None]
    return sorted(found, key=lambda made: (-made.worst, len(made.members), made.members))[:most]


def _of_ring(members: tuple[UUID, ...], between: dict[tuple[UUID, UUID], list[Edge]]) -> Proposal | None:
    most = MOST_OF_PAIR if len(members) == 2 else MOST_OF_RING
    nexts = [*members[1:], members[0]]
    cards = [
        sorted(between[pair], key=lambda edge: (-edge.minor, edge.item))[:most]
        for pair in zip(members, nexts, strict=True)
    ]
    masks, gains = best_piles([[edge.minor for edge in pile] for pile in cards])
    if min(gains) <= 0:
        return None
    chosen = [
        tuple(edge for place, edge in enumerate(pile) if mask >> place & 1)
        for pile, mask in zip(cards, masks, strict=True)
    ]
    return Proposal(members, tuple(chosen), tuple(gain // 5 for gain in gains))
