"""Many sellers with many listings, put straight into the tables, beside the demo's catalogue with its prices."""

from __future__ import annotations

from django.db import connection, transaction
from django.utils import timezone

from apps.catalog.actions import refresh_vocabulary
from apps.catalog.models import Variant
from apps.demo import catalogue
from apps.demo.market import make_market as make_quotes
from apps.valuations import actions as valuations

SELLERS, SETS, PRODUCTS = 2_000, 200, 20_000
PICTURES = 40  # of the demo's cards, so that a photograph is recognised
_BATCH = 20_000

FIRST = ("Ember", "Tide", "Storm", "Gloom", "Frost", "Iron", "Jade", "Lunar", "Solar", "Thorn", "Dusk", "Dawn", "Coral")
SECOND = ("Drake", "Warden", "Leviathan", "Sphinx", "Golem", "Griffin", "Hydra", "Kraken", "Lynx", "Serpent", "Paladin")
_THIRD = ("Elder", "Young", "Ancient", "Radiant", "Shadow", "Crystal", "Feral", "Silent", "Burning", "Sunken", "Hollow")

_MARKET = """
create temporary table seller on commit drop as
select gen_random_uuid() as id, gen_random_uuid() as shipping, n from generate_series(1, %(sellers)s) n;
insert into accounts_user (id, password, email, display_name, first_name, last_name, role, country, currency, about, api_tier,
    is_active, is_superuser, date_joined)
select id, '!', 's' || n || '@market.example', 'Seller ' || n, '', '', 'member',
    (array['US','US','US','DE','FR','GB','JP','CA'])[n %% 8 + 1], 'USD', '', 'standard', true, false, now() from seller;
insert into listings_shippingprofile (id, created_at, seller_id, name, currency, is_tracked)
select shipping, now(), id, 'Standard', 'USD', n %% 5 < 3 from seller;
insert into listings_shippingrate (profile_id, destination, is_tracked, price_minor)
select shipping, place, n %% 5 < 3, price + n %% 300
from seller, (values ('HOME', 100), ('NAMERICA', 450), ('WORLD', 900)) d (place, price);
insert into listings_storefront (seller_id, words, is_away) select id, catalog_words('Seller ' || n), false from seller;
create temporary table release on commit drop as
select gen_random_uuid() as id, ids[n %% cardinality(ids) + 1] as category_id, n from generate_series(0, %(sets)s - 1) n,
    (select array_agg(id order by id) as ids from catalog_category where path like 'trading-cards/%%') k;
insert into catalog_release (id, created_at, category_id, code, name, series, abbreviation)
select id, now(), category_id, 'load' || n, 'Market set ' || n, '', '' from release;
create temporary table product on commit drop as
select gen_random_uuid() as id, r.id as release_id, r.category_id, m.n as number,
    (%(third)s::text[])[m.n %% cardinality(%(third)s::text[]) + 1]
    || ' ' || (%(first)s::text[])[m.n / 7 %% cardinality(%(first)s::text[]) + 1]
    || ' ' || (%(second)s::text[])[m.n / 131 %% cardinality(%(second)s::text[]) + 1] as name
from generate_series(1, %(products)s) m (n) join release r on r.n = m.n %% %(sets)s;
insert into catalog_product (id, created_at, category_id, release_id, number, number_key, number_sort, name, names, rarity,
    artist, attributes)
select id, now(), category_id, release_id, number::text, '', 0, name, '{}', '', '', '{}' from product;
create temporary table variant on commit drop as
select gen_random_uuid() as id, p.id as product_id, finish, language, is_default,
    round(exp(random() * 6 - 0.5)::numeric, 2) as value
from product p, (values ('normal', 'en', true), ('foil', 'en', false), ('normal', 'ja', false)) v (finish, language, is_default);
insert into catalog_variant (id, created_at, product_id, finish, language, treatment, is_default)
select id, now(), product_id, finish, language, '', is_default from variant;
insert into valuations_currentprice (variant_id, condition, value, low, high, confidence, sample_size, method, currency, basis,
    observed_at, computed_at)
select id, condition, round(value * factor, 2), round(value * factor * 0.9, 2), round(value * factor * 1.1, 2), 0.8, 9, 'sales',
    'USD', '{}', now(), now()
from variant, (values ('NM', 1.0), ('LP', 0.8), ('MP', 0.6)) c (condition, factor);
create temporary table copy on commit drop as
select gen_random_uuid() as id, s.id as owner_id, s.shipping, v.id as variant_id, v.value, g.n,
    (array['NM','NM','NM','LP','LP','MP'])[g.n %% 6 + 1] as condition
from generate_series(1, %(listings)s) g (n)
join (select *, row_number() over (order by id) - 1 as at from variant) v on v.at = (g.n * 7919::bigint) %% (%(products)s * 3)
join seller s on s.n = g.n %% %(sellers)s + 1;
insert into inventory_inventoryitem (id, created_at, owner_id, variant_id, condition, grade_company, quantity, reserved,
    currency, notes, provenance)
select id, now(), owner_id, variant_id, condition, '', 1 + n %% 3, 0, 'USD', '', '{}' from copy;
set constraints all immediate;
alter table listings_listing disable trigger listing_search_added;
insert into listings_listing (id, created_at, seller_id, item_id, quantity, price_minor, currency, state, shipping_id,
    description, views, updated_at)
select gen_random_uuid(), now() - random() * interval '60 days', owner_id, id, 1 + n %% 3,
    greatest(10, round(value * 100 * (0.6 + random())::numeric)), 'USD', 'active', shipping, '', 0, now() from copy;
set constraints all immediate;
alter table listings_listing enable trigger listing_search_added;
"""


def make_market(listings: int) -> None:
    """The demo's catalogue, pictures, quotes and sales; then sellers with that many listings of other printings."""
    catalogue.load_facts()
    catalogue.draw_pictures(most=PICTURES, processes=2)
    make_quotes(now=timezone.now())
    valuations.refresh_prices(list(Variant.objects.values_list("pk", flat=True)))
    given = {"sellers": SELLERS, "sets": SETS, "products": PRODUCTS, "listings": listings}
    words = {"first": list(FIRST), "second": list(SECOND), "third": list(_THIRD)}
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in _MARKET.split(";\n"):
            if statement.strip():
                cursor.execute(statement, given | words)
        refresh_vocabulary()
        cursor.execute("analyze")
        cursor.execute("select array_agg(id) from listings_listing")
        ids = cursor.fetchone()[0]
        for at in range(0, len(ids), _BATCH):
            cursor.execute("select listings_refresh(%s::uuid[])", [ids[at : at + _BATCH]])
