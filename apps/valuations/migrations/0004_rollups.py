"""Closes by day and market prices by printing; quotes are held to their variants and sources a statement at a time.

A foreign key asks for each row and locks its variant each time, which took longer than storing the quote.
"""

import django.db.models.deletion
from django.db import migrations, models

HOLD = """
alter table valuations_quote drop constraint valuations_quote_variant_id_fkey, drop constraint valuations_quote_source_id_fkey;

create function valuations_hold_quotes() returns trigger language plpgsql as $$
begin
    perform 1 from catalog_variant where id in (select variant_id from fresh) for key share;
    perform 1 from valuations_source where id in (select source_id from fresh) for key share;
    if exists (select from (select distinct variant_id from fresh) f
               where not exists (select from catalog_variant v where v.id = f.variant_id)) then
        raise foreign_key_violation using message = 'a quote names a variant that does not exist';
    end if;
    if exists (select from (select distinct source_id from fresh) f
               where not exists (select from valuations_source s where s.id = f.source_id)) then
        raise foreign_key_violation using message = 'a quote names a source that does not exist';
    end if;
    return null;
end $$;
create trigger hold_inserted after insert on valuations_quote
    referencing new table as fresh for each statement execute function valuations_hold_quotes();

create function valuations_variants_gone() returns trigger language plpgsql as $$
begin
    delete from valuations_quote q using gone g where q.variant_id = g.id;
    delete from valuations_dailyprice d using gone g where d.variant_id = g.id;
    return null;
end $$;
create trigger take_quotes_along after delete on catalog_variant
    referencing old table as gone for each statement execute function valuations_variants_gone();

create function valuations_sources_gone() returns trigger language plpgsql as $$
begin
    if exists (select from gone g where exists (select from valuations_quote q where q.source_id = g.id)) then
        raise foreign_key_violation using message = 'quotes rest on this source';
    end if;
    return null;
end $$;
create trigger sources_keep_their_quotes after delete on valuations_source
    referencing old table as gone for each statement execute function valuations_sources_gone();

insert into valuations_dailyprice (variant_id, condition, currency, day, source_id, observed_at, market, low, high)
select distinct on (q.variant_id, q.condition, q.currency, d.day) q.variant_id, q.condition, q.currency, d.day, q.source_id,
    q.observed_at, q.market, q.low, q.high
from valuations_quote q join valuations_source o on o.id = q.source_id
cross join lateral (select (q.observed_at at time zone 'UTC')::date as day) d
order by q.variant_id, q.condition, q.currency, d.day, q.market is null, o.reliability desc, q.observed_at desc;
"""

UNDO = """
drop trigger sources_keep_their_quotes on valuations_source;
drop trigger take_quotes_along on catalog_variant;
drop trigger hold_inserted on valuations_quote;
drop function valuations_sources_gone, valuations_variants_gone, valuations_hold_quotes;
alter table valuations_quote
    add constraint valuations_quote_variant_id_fkey foreign key (variant_id) references catalog_variant (id) on delete cascade,
    add constraint valuations_quote_source_id_fkey foreign key (source_id) references valuations_source (id);
"""


def price(**options):
    return models.DecimalField(decimal_places=2, max_digits=12, null=True, **options)


def condition():
    words = ["Near Mint", "Lightly Played", "Moderately Played", "Heavily Played", "Damaged"]
    return models.CharField(choices=list(zip(["NM", "LP", "MP", "HP", "DMG"], words, strict=True)), max_length=3)


def composite(*names):
    return models.CompositePrimaryKey(*names, blank=True, editable=False, primary_key=True, serialize=False)


def held_by_trigger(to):
    return models.ForeignKey(
        on_delete=django.db.models.deletion.DO_NOTHING, to=to, related_name="+", db_constraint=False, db_index=False
    )


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial"), ("valuations", "0003_feeds")]

    operations = [
        migrations.CreateModel(
            name="DailyPrice",
            fields=[
                ("pk", composite("variant_id", "condition", "currency", "day")),
                ("condition", condition()),
                ("currency", models.CharField(max_length=3)),
                ("day", models.DateField(help_text="UTC")),
                ("observed_at", models.DateTimeField()),
                ("market", price()),
                ("low", price()),
                ("high", price()),
                ("variant", held_by_trigger("catalog.variant")),
                ("source", held_by_trigger("valuations.source")),
            ],
        ),
        migrations.CreateModel(
            name="MarketPrice",
            fields=[
                ("pk", composite("variant_id", "condition", "currency")),
                ("condition", condition()),
                ("currency", models.CharField(max_length=3)),
                ("observed_at", models.DateTimeField()),
                ("day", models.DateField(help_text="of the newest close")),
                ("market", models.DecimalField(decimal_places=2, max_digits=12)),
                ("low", price()),
                ("high", price()),
                ("change_1d", price(help_text="in currency, within one source")),
                ("change_7d", price()),
                ("change_30d", price()),
                ("all_time_low", price()),
                ("all_time_high", price()),
                (
                    "volatility_30d",
                    models.DecimalField(
                        decimal_places=4, help_text="deviation as a share of the mean", max_digits=8, null=True
                    ),
                ),
                (
                    "trend_30d",
                    models.DecimalField(
                        decimal_places=2, help_text="percent in thirty days, by least squares", max_digits=8, null=True
                    ),
                ),
                ("changed_at", models.DateTimeField()),
                (
                    "variant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="market_prices",
                        to="catalog.variant",
                        db_index=False,
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="valuations.source",
                        db_index=False,
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="marketprice", index=models.Index(fields=["changed_at"], name="market_price_by_change")
        ),
        migrations.RunSQL(HOLD, UNDO),
    ]
