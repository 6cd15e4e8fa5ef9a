"""Quotes, partitioned by month. `valuations_make_partition` adds a month and takes over what waited in the default part."""

import django.db.models.deletion
from django.db import migrations, models

TABLE = """
create table valuations_quote (
    variant_id uuid not null references catalog_variant (id) on delete cascade,
    source_id bigint not null references valuations_source (id),
    condition varchar(3) not null,
    observed_at timestamptz not null,
    low numeric(12, 2),
    mid numeric(12, 2),
    high numeric(12, 2),
    market numeric(12, 2),
    sample_size integer,
    currency varchar(3) not null default 'USD',
    primary key (variant_id, source_id, condition, observed_at),
    constraint quote_condition_known check (condition in ('NM', 'LP', 'MP', 'HP', 'DMG')),
    constraint quote_prices_positive check (low > 0 and mid > 0 and high > 0 and market > 0),
    constraint quote_says_a_price check (coalesce(low, mid, high, market) is not null),
    constraint quote_sample_not_negative check (sample_size >= 0)
) partition by range (observed_at);

create table valuations_quote_default partition of valuations_quote default;

create function valuations_make_partition(day date) returns boolean language plpgsql as $$
declare
    first timestamptz := date_trunc('month', day::timestamp) at time zone 'UTC';
    next timestamptz := (date_trunc('month', day::timestamp) + interval '1 month') at time zone 'UTC';
    part text := 'valuations_quote_' || to_char(day, 'YYYY_MM');
begin
    if to_regclass(part) is not null then
        return false;
    end if;
    perform pg_advisory_xact_lock(hashtext('valuations_make_partition'));
    if to_regclass(part) is not null then
        return false;
    end if;
    execute format('create table %I (like valuations_quote including defaults including constraints)', part);
    execute format('with moved as (delete from valuations_quote_default where observed_at >= %L and observed_at < %L
                    returning *) insert into %I select * from moved', first, next, part);
    execute format('alter table valuations_quote attach partition %I for values from (%L) to (%L)', part, first, next);
    return true;
end $$;
comment on function valuations_make_partition is 'Make the partition of that day''s month (UTC); false when it was there.';

select valuations_make_partition((now() at time zone 'UTC' + month * interval '1 month')::date)
from generate_series(-12, 3) month;
"""

UNDO = """
drop function valuations_make_partition;
drop table valuations_quote;
"""


class Migration(migrations.Migration):
    dependencies = [("valuations", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(TABLE, UNDO)],
            state_operations=[
                migrations.CreateModel(
                    name="Quote",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "variant_id",
                                "source_id",
                                "condition",
                                "observed_at",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "condition",
                            models.CharField(
                                choices=[
                                    ("NM", "Near Mint"),
                                    ("LP", "Lightly Played"),
                                    ("MP", "Moderately Played"),
                                    ("HP", "Heavily Played"),
                                    ("DMG", "Damaged"),
                                ],
                                default="NM",
                                max_length=3,
                            ),
                        ),
                        ("observed_at", models.DateTimeField()),
                        ("low", models.DecimalField(decimal_places=2, max_digits=12, null=True)),
                        ("mid", models.DecimalField(decimal_places=2, max_digits=12, null=True)),
                        ("high", models.DecimalField(decimal_places=2, max_digits=12, null=True)),
                        ("market", models.DecimalField(decimal_places=2, max_digits=12, null=True)),
                        ("sample_size", models.PositiveIntegerField(null=True)),
                        ("currency", models.CharField(default="USD", max_length=3)),
                        (
                            "variant",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="quotes",
                                to="catalog.variant",
                            ),
                        ),
                        (
                            "source",
                            models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, to="valuations.source"),
                        ),
                    ],
                    options={
                        "db_table": "valuations_quote",
                    },
                ),
            ],
        ),
    ]
