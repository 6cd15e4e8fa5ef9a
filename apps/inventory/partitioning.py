"""Inventory in partitions by owner, for sites that have outgrown one table: made beside the table in use, filled, switched to.

Not in service: docs/scale.md says from how many copies on it pays. PostgreSQL asks that each unique key of a partitioned table
holds the owner too. So that other tables can go on naming a copy by its id, and an id stays one copy's, a narrow table of keys
(id, owner) stands beside it; triggers keep it, and foreign keys lead there. An item never changes its owner: a copy that is
handed over is a new item of the taker's.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection, transaction

TABLE = "inventory_inventoryitem"
NEW, KEYS, BEFORE = "inventory_item_parted", "inventory_itemkey", "inventory_item_before"
PARTITIONS = 64
BATCH = 20_000

_COLUMNS = (
    "select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute"
    " where attrelid = %s::regclass and attnum > 0 and not attisdropped"
)
_CHILDREN = (
    "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint"
    " where contype = 'f' and confrelid = %s::regclass and conparentid = 0 order by conname"
)
_OWN = (
    "select conname, pg_get_constraintdef(oid) from pg_constraint"
    " where contype = 'f' and conrelid = %s::regclass and conparentid = 0 order by conname"
)
_TRIGGERS = "select pg_get_triggerdef(oid) from pg_trigger where tgrelid = %s::regclass and not tgisinternal"

KEEP_KEYS = f"""
create table {KEYS} (id uuid primary key, owner_id uuid not null);
create function inventory_keep_key() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        insert into {KEYS} (id, owner_id) values (new.id, new.owner_id);
    elsif tg_op = 'DELETE' then
        delete from {KEYS} where id = old.id;
    elsif (old.id, old.owner_id) is distinct from (new.id, new.owner_id) then
        raise exception 'an item keeps its id and its owner' using errcode = 'restrict_violation';
    end if;
    return null;
end $$;
create trigger inventory_keep_key after insert or update or delete on {NEW} for each row execute function inventory_keep_key();
"""


class NotReady(Exception):
    """A step was asked for before the one that it needs; the text says which."""


@dataclass(frozen=True)
class Copied:
    """How far filling has come."""

    rows: int
    is_done: bool


def table_statements(name: str, like: str, partitions: int) -> list[str]:
    """A table of the same columns and checks, in partitions by owner, with the indexes that our queries use.

    The key begins with the id, so that a copy is found by it in each partition; with the owner in one.
    """
    return [
        f"create table {name} (like {like} including defaults including constraints) partition by hash (owner_id)",
        *(
            f"create table {name}_{n:03d} partition of {name} for values with (modulus {partitions}, remainder {n})"
            for n in range(partitions)
        ),
        f"alter table {name} add primary key (id, owner_id)",
        f"create index {name}_by_owner on {name} (owner_id, created_at desc)",
        f"create index {name}_by_variant on {name} (variant_id)",
        f"create index {name}_by_binder on {name} (binder_id) where binder_id is not null",
    ]


@transaction.atomic
def prepare(*, partitions: int = PARTITIONS) -> None:
    """Make the new table, and have every change of the old one written there too. The site runs on."""
    with connection.cursor() as cursor:
        if _there(cursor, NEW) or _there(cursor, KEYS):
            raise NotReady("The new tables are there already: copy, switch, or drop them.")
        for statement in table_statements(NEW, TABLE, partitions):
            cursor.execute(statement)
        cursor.execute(_OWN, [TABLE])
        for name, definition in cursor.fetchall():
            cursor.execute(f"alter table {NEW} add constraint {name} {definition}")
        cursor.execute(KEEP_KEYS)
        cursor.execute(_follow(_one(cursor, _COLUMNS, [TABLE])))


def _follow(columns: str) -> str:
    """A trigger that repeats on the new table what happens to the old one."""
    names = columns.split(", ")
    values = ", ".join(f"new.{name}" for name in names)
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in ("id", "owner_id"))
    return f"""
create function inventory_follow() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        delete from {NEW} where id = old.id and owner_id = old.owner_id;
    else
        insert into {NEW} ({columns}) values ({values}) on conflict (id, owner_id) do update set {changes};
    end if;
    return null;
end $$;
create trigger inventory_follow after insert or update or delete on {TABLE} for each row execute function inventory_follow();
"""


@transaction.atomic
def copy(*, batch: int = BATCH) -> Copied:
    """Copy the next rows that are not there yet; to be repeated until it is done. Each batch is a transaction of its own.

    Rows are locked against removal while they are copied: else one that goes in between would come back.
    """
    with connection.cursor() as cursor:
        if not _there(cursor, NEW):
            raise NotReady("There is no new table yet: prepare first.")
        columns = _one(cursor, _COLUMNS, [TABLE])
        cursor.execute(
            f"insert into {NEW} ({columns}) select {columns} from {TABLE} i"
            f" where not exists (select from {KEYS} k where k.id = i.id) order by id limit %s for key share"
            f" on conflict (id, owner_id) do nothing",
            [batch],
        )
        return Copied(cursor.rowcount, cursor.rowcount < batch)


def differences() -> int:
    """Rows that one table has and the other has not, or has otherwise. Reads both whole."""
    with connection.cursor() as cursor:
        columns = _one(cursor, _COLUMNS, [TABLE])
        one, other = f"select {columns} from {TABLE}", f"select {columns} from {NEW}"
        return int(
            _one(cursor, f"select count(*) from (({one} except {other}) union all ({other} except {one})) as amiss")
        )


@transaction.atomic
def switch() -> None:
    """Put the new table in the place of the old one, which stays as BEFORE. Seconds, with the table locked.

    Foreign keys lead to the keys from then on; they are checked for what is new at once, for what is old by `validate`.
    Raises NotReady where rows are missing.
    """
    with connection.cursor() as cursor:
        if not _there(cursor, NEW):
            raise NotReady("There is no new table yet: prepare first.")
        cursor.execute("set constraints all immediate")
        cursor.execute(f"lock table {TABLE} in access exclusive mode")
        if missing := _one(cursor, f"select count(*) from {TABLE}") - _one(cursor, f"select count(*) from {NEW}"):
            raise NotReady(f"{missing} items are not copied yet: copy until it says that it is done.")
        cursor.execute("drop function inventory_follow() cascade")
        cursor.execute(_TRIGGERS, [TABLE])
        kept = [definition for (definition,) in cursor.fetchall()]
        cursor.execute(_CHILDREN, [TABLE])
        for child, name, definition in cursor.fetchall():
            where = definition.replace(f"REFERENCES {TABLE}(", f"REFERENCES {KEYS}(")
            cursor.execute(f"alter table {child} drop constraint {name}")
            cursor.execute(f"alter table {child} add constraint {name} {where} not valid")
        cursor.execute(f"alter table {TABLE} rename to {BEFORE}")
        cursor.execute(f"alter table {NEW} rename to {TABLE}")
        for definition in kept:  # "… ON public.inventory_inventoryitem …": the name is the new table's by now
            cursor.execute(definition)


def validate() -> list[str]:
    """Check the old rows of tables that name items, without locking them; the names of the constraints."""
    with connection.cursor() as cursor:
        cursor.execute(_CHILDREN, [KEYS])
        rows = [(child, name) for child, name, definition in cursor.fetchall() if definition.endswith("NOT VALID")]
        for child, name in rows:
            cursor.execute(f"alter table {child} validate constraint {name}")
    return [name for _, name in rows]


def _there(cursor: object, table: str) -> bool:
    return bool(_one(cursor, "select to_regclass(%s) is not null", [table]))


def _one(cursor: object, statement: str, parameters: list[object] | None = None) -> object:
    cursor.execute(statement, parameters)
    return cursor.fetchone()[0]
