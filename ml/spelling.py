"""How well a known text fits what the recogniser saw, also where its own best guess is another: decoding by lexicon.

The recogniser gives, for each narrow slice of a line, how likely every character is. A text's fit is the likelihood of its
best way through the slices, compared with that of the likeliest characters in the same slices: 0 where it is what would be
read, less for each letter that only half agrees. What stands before and behind the text costs nothing. Viterbi's algorithm
over the blank-extended labels of Graves et al., "Connectionist temporal classification", 2006. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ml.catalogue import plain
from ml.types import Floats

LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz/-"
FLOOR = 1e-6
"""Least probability that is told apart from none: one wrong letter shall not outweigh everything."""
IMPOSSIBLE = np.float32(-1e9)


@dataclass(frozen=True, slots=True)
class Seen:
    """One line as it was seen. letters: (slices, len(LETTERS)); blank: (slices,), for no letter or a space.

    Both are logarithms of the probability as a share of the likeliest character's, so never above 0.
    """

    letters: Floats
    blank: Floats


def seen(probabilities: Floats, characters: Sequence[str]) -> Seen:
    """What is needed of a recogniser's answer. probabilities: (slices, characters), the first character being the blank.

    Capitals, small and accented letters count as one.
    """
    columns, blanks = _columns(tuple(characters))
    likeliest = probabilities.max(axis=1)
    letters = np.stack([probabilities[:, c].sum(axis=1) for c in columns], axis=1)
    blank = probabilities[:, blanks].sum(axis=1)
    limit = np.log(likeliest + FLOOR)
    return Seen(
        np.minimum(np.log(letters + FLOOR) - limit[:, None], 0).astype(np.float32),
        np.minimum(np.log(blank + FLOOR) - limit, 0).astype(np.float32),
    )


# An alphabet of Chinese has 18,000 characters, the same for every line.
@lru_cache(maxsize=4)
def _columns(characters: tuple[str, ...]) -> tuple[list[list[int]], list[int]]:
    """Where a recogniser's characters speak for each of LETTERS, and where for none or a space."""
    columns: list[list[int]] = [[] for _ in LETTERS]
    blanks = [0]
    for i, character in enumerate(characters[1:], start=1):
        letter = character if character in "/-" else plain(character)
        if len(letter) == 1 and letter in LETTERS:
            columns[LETTERS.index(letter)].append(i)
        elif character == " ":
            blanks.append(i)
    return columns, blanks


def fits(line: Seen, texts: Sequence[str]) -> Floats:
    """(texts,) at most 0: how well each fits anywhere in a line; IMPOSSIBLE for one without a letter of LETTERS."""
    labels = [[LETTERS.index(c) for c in text.lower() if c in LETTERS] for text in texts]
    lengths = np.array([len(label) for label in labels], np.intp)
    longest = int(lengths.max(initial=0))
    if not longest:
        return np.full(len(texts), IMPOSSIBLE, np.float32)
    table = np.zeros((len(texts), longest), np.intp)
    for row, label in zip(table, labels, strict=True):
        row[: len(label)] = label
    # States: letter, blank, letter, blank, ... letter; a blank may be left out between letters that differ.
    states = 2 * longest - 1
    may_skip = np.zeros((len(texts), states), bool)
    may_skip[:, 2::2] = table[:, 1:] != table[:, :-1]
    score = np.full((len(texts), states), IMPOSSIBLE, np.float32)
    best = np.full(len(texts), IMPOSSIBLE, np.float32)
    rows, ends = np.arange(len(texts)), np.maximum(2 * lengths - 2, 0)
    for letters, blank in zip(line.letters, line.blank, strict=True):
        step = score.copy()
        step[:, 1:] = np.maximum(step[:, 1:], score[:, :-1])
        step[:, 2:] = np.where(may_skip[:, 2:], np.maximum(step[:, 2:], score[:, :-2]), step[:, 2:])
        step[:, 0] = np.maximum(step[:, 0], 0)
        step[:, 0::2] += letters[table]
        step[:, 1::2] += blank
        score = step
        best = np.maximum(best, score[rows, ends])
    return np.where(lengths > 0, best, IMPOSSIBLE).astype(np.float32)
