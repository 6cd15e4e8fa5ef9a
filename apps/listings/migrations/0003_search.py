"""Search over listings: a narrow row for each active one, with where it reaches for how much, kept by the database.

Triggers keep the rows in the transaction that changes a listing, its item, its seller or a shipping rate, in sets. Fair
values change in batches elsewhere: `listings_refresh_values` follows them from a schedule.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import apps.core.ids

FUNCTIONS = r"""
create function listings_state(condition varchar, company varchar, grade numeric) returns text language sql immutable parallel safe as $$
    select case when grade is null then condition else coalesce(nullif(company, ''), 'Grade') || ' ' || trim_scale(grade)::text end
$$;
comment on function listings_state is 'NM, or PSA 9.5 for a graded copy: as fair values name the state of a copy.';

create function listings_minor(amount numeric, currency varchar) returns bigint language sql immutable parallel safe as $$
    select round(amount * power(10::numeric, case
        when currency in ('BIF','CLP','DJF','GNF','ISK','JPY','KMF','KRW','PYG','RWF','UGX','UYI','VND','VUV','XAF','XOF','XPF') then 0
        when currency in ('BHD','IQD','JOD','KWD','LYD','OMR','TND') then 3 else 2 end))::bigint
$$;

create function listings_price_band(minor bigint) returns smallint language sql immutable parallel safe as $$
    select width_bucket(minor, array[100, 500, 2000, 10000, 50000]::bigint[])::smallint
$$;

create function listings_verdict(minor bigint, fair bigint, low bigint, high bigint) returns text
language sql immutable parallel safe as $$
    select case when fair is null or fair <= 0 then null when minor < low then 'great' when minor * 20 <= fair * 19 then 'good'
                when minor <= high then 'fair' else 'high' end
$$;
comment on function listings_verdict is 'A price against fair value: under its interval, 5 percent under it, within, above.';

create function listings_refresh(ids uuid[]) returns void language sql as $$
    delete from listings_searchrow s where s.listing_id = any(ids)
        and not exists (select 1 from listings_listing l where l.id = s.listing_id and l.state = 'active');
    insert into listings_searchrow as s (listing_id, product_id, variant_id, seller_id, shipping_id, price_minor, currency,
        fair_minor, low_minor, high_minor, deal, tags, listed_at, bucket)
    select l.id, v.product_id, v.id, l.seller_id, l.shipping_id, l.price_minor, l.currency, f.value, f.low, f.high,
        case when f.value > 0 then least(l.price_minor * 10000 / f.value, 2000000000) else 2147483647 end,
        array_remove(array[
            'g:' || c.path, 's:' || p.release_id,
            case when i.grade is null then 'c:' || i.condition end,
            'x:' || case when i.grade is null then 'no' else coalesce(nullif(i.grade_company, ''), 'other') end,
            'l:' || v.language, 'f:' || v.finish, 'w:' || u.country,
            'p:' || listings_price_band(l.price_minor), 't:' || case when h.is_tracked then 'yes' else 'no' end,
            'd:' || listings_verdict(l.price_minor, f.value, f.low, f.high)], null),
        l.created_at, ('x' || right(md5(l.id::text), 6))::bit(24)::integer % 1000
    from listings_listing l
    join inventory_inventoryitem i on i.id = l.item_id
    join catalog_variant v on v.id = i.variant_id
    join catalog_product p on p.id = v.product_id
    join catalog_category c on c.id = p.category_id
    join accounts_user u on u.id = l.seller_id
    join listings_shippingprofile h on h.id = l.shipping_id
    left join lateral (
        select listings_minor(w.value, w.currency) as value, listings_minor(w.low, w.currency) as low,
               listings_minor(w.high, w.currency) as high
        from valuations_currentprice w
        where w.variant_id = v.id and w.condition = listings_state(i.condition, i.grade_company, i.grade)
          and w.currency = l.currency) f on true
    where l.id = any(ids) and l.state = 'active'
    on conflict (listing_id) do update set (product_id, variant_id, seller_id, shipping_id, price_minor, currency, fair_minor,
            low_minor, high_minor, deal, tags, listed_at)
        = (excluded.product_id, excluded.variant_id, excluded.seller_id, excluded.shipping_id, excluded.price_minor,
            excluded.currency, excluded.fair_minor, excluded.low_minor, excluded.high_minor, excluded.deal, excluded.tags,
            excluded.listed_at);
    delete from listings_reach r where r.listing_id = any(ids);
    insert into listings_reach (listing_id, destination, shipping_minor, delivered_minor)
    select distinct on (l.id, d.place) l.id, d.place, r.price_minor, l.price_minor + r.price_minor
    from listings_listing l
    join inventory_inventoryitem i on i.id = l.item_id
    join catalog_variant v on v.id = i.variant_id
    join catalog_product p on p.id = v.product_id
    join catalog_category c on c.id = p.category_id
    join accounts_user u on u.id = l.seller_id
    join listings_shippingrate r on r.profile_id = l.shipping_id
        and (r.up_to_grams is null or r.up_to_grams >= listings_grams(c.path, 1))
        and (r.up_to_minor is null or r.up_to_minor >= l.price_minor)
    cross join lateral (select case r.destination when 'HOME' then u.country else r.destination end as place) d
    where l.id = any(ids) and l.state = 'active'
    order by l.id, d.place, r.destination = 'HOME' desc, r.price_minor;
$$;
comment on function listings_refresh is 'Bring the search rows of these listings, and where they reach for how much, up to date.';

create function listings_refresh_values(since timestamptz) returns bigint language plpgsql as $$
declare changed uuid[];
begin
    select array_agg(s.listing_id) into changed
    from valuations_currentprice w join listings_searchrow s on s.variant_id = w.variant_id and s.currency = w.currency
    where w.computed_at >= since and listings_minor(w.value, w.currency) is distinct from s.fair_minor;
    perform listings_refresh(coalesce(changed, '{}'));
    return coalesce(cardinality(changed), 0);
end $$;
comment on function listings_refresh_values is 'Follow the fair values that were worked out since; how many listings were looked at.';

create function listings_know_seller() returns trigger language plpgsql as $$
begin
    insert into listings_storefront (seller_id, words, is_away)
    select u.id, catalog_words(u.display_name), false from accounts_user u
    where u.id in (select n.seller_id from added n)
      and not exists (select 1 from listings_storefront f where f.seller_id = u.id)
    on conflict (seller_id) do nothing;
    perform listings_refresh(array(select n.id from added n));
    return null;
end $$;
create trigger listing_search_added after insert on listings_listing referencing new table as added
    for each statement execute function listings_know_seller();

create function listings_follow_listing() returns trigger language plpgsql as $$
declare ids uuid[];
begin
    select array_agg(n.id) into ids from later n join earlier o on o.id = n.id
    where (n.seller_id, n.item_id, n.price_minor, n.currency, n.state, n.shipping_id)
          is distinct from (o.seller_id, o.item_id, o.price_minor, o.currency, o.state, o.shipping_id);
    if ids is not null then perform listings_refresh(ids); end if;
    return null;
end $$;
create trigger listing_search_changed after update on listings_listing referencing new table as later old table as earlier
    for each statement execute function listings_follow_listing();

create function listings_forget_listing() returns trigger language plpgsql as $$
begin
    delete from listings_searchrow where listing_id in (select id from gone);
    delete from listings_reach where listing_id in (select id from gone);
    return null;
end $$;
create trigger listing_search_gone after delete on listings_listing referencing old table as gone
    for each statement execute function listings_forget_listing();

create function listings_follow_item() returns trigger language plpgsql as $$
begin
    perform listings_refresh(array(select l.id from listings_listing l where l.item_id = new.id and l.state = 'active'));
    return null;
end $$;
create trigger listing_search_item after update of condition, grade_company, grade, variant_id on inventory_inventoryitem
    for each row when ((old.condition, old.grade_company, old.grade, old.variant_id)
        is distinct from (new.condition, new.grade_company, new.grade, new.variant_id))
    execute function listings_follow_item();

create function listings_follow_seller() returns trigger language plpgsql as $$
begin
    update listings_storefront set words = catalog_words(new.display_name) where seller_id = new.id;
    if new.country is distinct from old.country then
        perform listings_refresh(array(select l.id from listings_listing l where l.seller_id = new.id and l.state = 'active'));
    end if;
    return null;
end $$;
create trigger listing_search_seller after update of display_name, country on accounts_user
    for each row when ((old.display_name, old.country) is distinct from (new.display_name, new.country))
    execute function listings_follow_seller();

create function listings_follow_rates() returns trigger language plpgsql as $$
begin
    perform listings_refresh(array(
        select l.id from listings_listing l where l.state = 'active' and l.shipping_id in (select profile_id from added)));
    return null;
end $$;
create trigger listing_search_rates after insert on listings_shippingrate referencing new table as added
    for each statement execute function listings_follow_rates();
"""

UNDO = """
drop trigger listing_search_rates on listings_shippingrate;
drop trigger listing_search_seller on accounts_user;
drop trigger listing_search_item on inventory_inventoryitem;
drop trigger listing_search_gone on listings_listing;
drop trigger listing_search_changed on listings_listing;
drop trigger listing_search_added on listings_listing;
drop function listings_follow_rates;
drop function listings_follow_seller;
drop function listings_follow_item;
drop function listings_forget_listing;
drop function listings_follow_listing;
drop function listings_know_seller;
drop function listings_refresh_values;
drop function listings_refresh;
drop function listings_verdict;
drop function listings_price_band;
drop function listings_minor;
drop function listings_state;
"""

FILL = """
insert into listings_storefront (seller_id, words, is_away)
select u.id, catalog_words(u.display_name), false from accounts_user u
where exists (select 1 from listings_listing l where l.seller_id = u.id);
select listings_refresh(array(select id from listings_listing where state = 'active'))
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_scope_of_alerts"),
        ("catalog", "0004_barcode_column_gone"),
        ("listings", "0002_shipping_rates"),
        ("valuations", "0007_state_of_a_copy"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SavedSearch",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(max_length=80)),
                (
                    "question",
                    models.CharField(blank=True, help_text="the search as it stands in the address", max_length=2000),
                ),
                ("country", models.CharField(max_length=2)),
                (
                    "words",
                    models.CharField(
                        blank=True, help_text="full-text condition on the product; empty: any", max_length=2000
                    ),
                ),
                (
                    "sellers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(),
                        default=list,
                        help_text="any of these; none: whoever sells",
                        size=None,
                    ),
                ),
                ("tags", models.JSONField(default=list, help_text="lists of tags: one of each list is needed")),
                ("least_minor", models.BigIntegerField(null=True)),
                ("most_minor", models.BigIntegerField(null=True)),
                ("is_on", models.BooleanField(default=True, help_text="whether the owner is told of new listings")),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_searches",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "saved searches",
            },
        ),
        migrations.CreateModel(
            name="SearchHit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="listings.listing"
                    ),
                ),
                (
                    "search",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="hits", to="listings.savedsearch"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SearchRow",
            fields=[
                (
                    "listing",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="search_row",
                        serialize=False,
                        to="listings.listing",
                    ),
                ),
                ("product_id", models.UUIDField()),
                ("variant_id", models.UUIDField()),
                ("seller_id", models.UUIDField()),
                ("shipping_id", models.UUIDField()),
                ("price_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "fair_minor",
                    models.BigIntegerField(help_text="fair value of such a copy, with its interval", null=True),
                ),
                ("low_minor", models.BigIntegerField(null=True)),
                ("high_minor", models.BigIntegerField(null=True)),
                (
                    "deal",
                    models.IntegerField(
                        help_text="price in parts of 10,000 of fair value; the largest number where that is unknown"
                    ),
                ),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=125),
                        help_text="one for each facet, e.g. c:NM, l:en, w:DE",
                        size=None,
                    ),
                ),
                ("listed_at", models.DateTimeField()),
                ("bucket", models.SmallIntegerField(help_text="0 to 999 by its key: a few buckets are a fair sample")),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["tags"], name="search_tags"),
                    models.Index(fields=["product_id", "price_minor"], name="search_by_product"),
                    models.Index(fields=["seller_id"], name="search_by_seller"),
                    models.Index(fields=["variant_id"], name="search_by_variant"),
                    models.Index(fields=["listed_at", "listing"], name="search_by_time"),
                    models.Index(fields=["price_minor", "listing"], name="search_by_price"),
                    models.Index(fields=["deal", "listing"], name="search_by_deal"),
                    models.Index(fields=["bucket"], name="search_sample"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Storefront",
            fields=[
                (
                    "seller",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="storefront",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "words",
                    models.CharField(blank=True, help_text="of the name, as search compares them", max_length=200),
                ),
                (
                    "is_away",
                    models.BooleanField(
                        default=False, help_text="on vacation: nothing is for sale until the seller is back"
                    ),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["words"], name="storefront_trigrams", opclasses=["gin_trgm_ops"]
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Reach",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "listing_id", "destination", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "destination",
                    models.CharField(help_text="a country or region; the seller's own country for HOME", max_length=8),
                ),
                ("shipping_minor", models.BigIntegerField()),
                ("delivered_minor", models.BigIntegerField()),
                (
                    "listing",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="listings.listing",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["destination", "delivered_minor", "listing"], name="reach_by_delivered")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="savedsearch",
            index=models.Index(fields=["owner", "-created_at"], name="saved_search_by_owner"),
        ),
        migrations.AddConstraint(
            model_name="savedsearch",
            constraint=models.UniqueConstraint(fields=("owner", "question", "country"), name="saved_search_once"),
        ),
        migrations.AddConstraint(
            model_name="searchhit",
            constraint=models.UniqueConstraint(fields=("search", "listing"), name="search_hit_once"),
        ),
        migrations.RunSQL(FUNCTIONS, UNDO),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
