"""HNSW indexes of each embedder's own in place of the shared ones, without a moment in which there are none.

The names are those of apps/scans/indexes.py. The embedder whose fingerprints are there is noted as the one in service,
so that a newer one that this release brings does not answer before its index is built.
"""

import hashlib

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations
from psycopg import sql

_KINDS = {"bits": "bit_hamming_ops", "vector": "vector_cosine_ops"}


def _engines(schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("select engine from scans_fingerprint group by engine order by count(*) desc")
        return [engine for (engine,) in cursor.fetchall()]


def build(apps, schema_editor):
    engines = _engines(schema_editor)
    with schema_editor.connection.cursor() as cursor:
        for engine in engines:
            for column, operators in _KINDS.items():
                name = f"fingerprint_{column}_{hashlib.sha256(engine.encode()).hexdigest()[:12]}"
                cursor.execute(
                    sql.SQL(
                        "create index concurrently if not exists {name} on scans_fingerprint using hnsw"
                        " ({column} {operators}) with (m = 16, ef_construction = 64) where engine = {engine}"
                    ).format(
                        name=sql.Identifier(name),
                        column=sql.Identifier(column),
                        operators=sql.SQL(operators),
                        engine=sql.Literal(engine),
                    )
                )
    if engines:
        versions = apps.get_model("scans", "ModelVersion")
        versions.objects.get_or_create(
            stage="embed", version=engines[0], defaults={"state": "active", "is_indexed": True}
        )


def drop(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "select indexname from pg_indexes where tablename = 'scans_fingerprint'"
            " and indexname ~ '^fingerprint_(bits|vector)_[0-9a-f]{12}$'"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(sql.SQL("drop index concurrently {}").format(sql.Identifier(name)))


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("scans", "0003_model_versions"),
    ]

    operations = [
        migrations.RunPython(build, drop),
        RemoveIndexConcurrently(model_name="fingerprint", name="fingerprint_by_bits"),
        RemoveIndexConcurrently(model_name="fingerprint", name="fingerprint_by_vector"),
    ]
