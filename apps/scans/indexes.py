"""The HNSW indexes of the reference pictures: for each embedder its own pair, built once its rows are there.

One embedder's searches never walk another's rows, a version that is being built costs the serving one nothing, and an
old version goes by dropping its indexes and then its rows. Small sets need none: they are compared row by row, exactly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from django.db import connection
from psycopg import sql

OPERATORS = {"bits": "bit_hamming_ops", "vector": "vector_cosine_ops"}
EXACT_ROWS = 2_000
"""Up to so many rows a search of every row is as quick as an index, and misses nothing."""
BUILD_MEMORY = "512MB"


def name_of(engine: str, column: str) -> str:
    """The name of the index over one column of one embedder's rows."""
    return f"fingerprint_{column}_{hashlib.sha256(engine.encode()).hexdigest()[:12]}"


def are_built(engine: str) -> bool:
    """Whether both indexes are there and usable."""
    return engine in built([engine])


def built(engines: Iterable[str]) -> set[str]:
    """The embedders whose both indexes are there and usable: one query."""
    names = {name_of(engine, column): (engine, column) for engine in engines for column in OPERATORS}
    usable = _usable(names)
    return {engine for engine, _ in names.values() if all(name_of(engine, column) in usable for column in OPERATORS)}


def ensure(engine: str) -> bool:
    """Build what is missing for an embedder, beside running searches and writes; returns whether there was anything.

    Not inside a transaction, except where nobody else is there (tests): PostgreSQL builds beside others only outside.
    """
    usable = _usable(name_of(engine, column) for column in OPERATORS)
    missing = [column for column in OPERATORS if name_of(engine, column) not in usable]
    beside = not connection.in_atomic_block
    for column in missing:
        _drop(engine, column)  # what a killed build left
        with connection.cursor() as cursor:
            cursor.execute("select set_config('maintenance_work_mem', %s, false)", [BUILD_MEMORY])
            try:
                cursor.execute(
                    sql.SQL(
                        "create index {beside} {name} on scans_fingerprint using hnsw ({column} {operators})"
                        " with (m = 16, ef_construction = 64) where engine = {engine}"
                    ).format(
                        beside=sql.SQL("concurrently" if beside else ""),
                        name=sql.Identifier(name_of(engine, column)),
                        column=sql.Identifier(column),
                        operators=sql.SQL(OPERATORS[column]),
                        engine=sql.Literal(engine),
                    )
                )
            finally:
                cursor.execute("reset maintenance_work_mem")
    return bool(missing)


def drop(engine: str) -> None:
    """Remove an embedder's indexes; safe to repeat."""
    for column in OPERATORS:
        _drop(engine, column)


def _drop(engine: str, column: str) -> None:
    beside = sql.SQL("" if connection.in_atomic_block else "concurrently")
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("drop index {beside} if exists {name}").format(
                beside=beside, name=sql.Identifier(name_of(engine, column))
            )
        )


def _usable(names: Iterable[str]) -> set[str]:
    """Those of some indexes that are there and whose building came to its end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.relname from pg_class c join pg_index i on i.indexrelid = c.oid"
            " where c.relname = any(%s) and i.indisvalid and pg_table_is_visible(c.oid)",
            [list(names)],
        )
        return {name for (name,) in cursor.fetchall()}
