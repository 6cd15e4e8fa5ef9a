"""The walk along the seals: is the chain unbroken, and does every transaction still say what its seal saw?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.db.backends.utils import CursorWrapper

from apps.escrow.ledger.chain import START, following
from apps.escrow.ledger.records import records

SEALED = "what was sealed stays as it was"
SEALS = "the seals are one unbroken chain"
Found = tuple[str, str, str]  # the invariant, what it is about, the figures

_NEXT = """
select number, last_id, ids, hashes, previous, hash from escrow_ledgerseal where number > %s order by number limit 1
"""


class Walk:
    """From the first seal to the last, with one of them in memory at a time; afterwards `number` and `head` tell the last.

    known_heads: hashes in hexadecimal by number of seal, as somebody kept them elsewhere.
    """

    def __init__(self, cursor: CursorWrapper, known_heads: Mapping[int, str]) -> None:
        self.cursor = cursor
        self.known_heads = known_heads
        self.number = 0
        self.head = START
        self._last_id = -(2**63)

    def findings(self) -> Iterator[Found]:
        """Everything that is not as it was sealed."""
        while True:
            self.cursor.execute(_NEXT, [self.number])
            row = self.cursor.fetchone()
            if row is None:
                break
            number, last_id, ids, *rest = row
            hashes, previous, head = map(bytes, rest)
            stored = [hashes[place : place + 32] for place in range(0, len(hashes), 32)]
            yield from self._of_the_chain(number, previous, head)
            if len(stored) != len(ids) or stored[-1:] != [head] or ids[-1:] != [last_id]:
                yield SEALS, f"seal {number}", "does not end in its own hash"
            yield from self._of_transactions(number, last_id, ids, [previous, *stored])
            self.number, self.head, self._last_id = number, head, last_id
        for number in sorted(self.known_heads):
            if number > self.number:
                yield SEALS, f"seal {number}", "was kept elsewhere and is not in the books"

    def _of_the_chain(self, number: int, previous: bytes, head: bytes) -> Iterator[Found]:
        subject, expected = f"seal {number}", self.number + 1
        if number != expected:
            yield SEALS, subject, f"seal {expected} is missing"
        elif previous != self.head:
            yield SEALS, subject, "does not follow the seal before it"
        known = self.known_heads.get(number, head.hex())
        if known != head.hex():
            yield SEALS, subject, f"has another hash than the one that was kept, {known}"

    def _of_transactions(self, number: int, up_to: int, ids: list[int], chain: list[bytes]) -> Iterator[Found]:
        """A seal keeps the hash after each of its transactions, so that each is judged by itself."""
        before, after = dict(zip(ids, chain, strict=False)), dict(zip(ids, chain[1:], strict=False))
        for record in records(self.cursor, after=self._last_id, up_to=up_to):
            if record.id not in after:
                yield SEALED, f"transaction {record.id}", f"is not in seal {number}: it was put in afterwards"
            elif following(before[record.id], record) != after.pop(record.id):
                yield SEALED, f"transaction {record.id}", f"is not as seal {number} saw it: {record}"
        for missing in after:
            yield SEALED, f"transaction {missing}", f"is in seal {number} and gone from the books"
