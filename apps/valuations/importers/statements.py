"""The SQL of the loader of market data, batch by batch, in the order it runs. Rows that cannot be used get a reason.

Ways to name a variant (stage_lookup) and what rows share (stage_fact: source, condition, currency) are numbered by the
loader and told once a load; a row carries their numbers.
"""

_COMMON = "n integer, k integer, f integer"
STAGE = {
    "quotes": f"""
create temporary table stage_market ({_COMMON}, observed_at timestamptz, low numeric(12, 2), mid numeric(12, 2),
    high numeric(12, 2), market numeric(12, 2), sample_size integer) on commit drop;
create temporary table stage_fresh (variant_id uuid, source_id bigint, condition varchar(12), currency varchar(3),
    observed_at timestamptz, low numeric(12, 2), mid numeric(12, 2), high numeric(12, 2), market numeric(12, 2),
    sample_size integer, is_new boolean) on commit drop;
alter table stage_market alter f set statistics 1;
""",
    "sales": f"""
create temporary table stage_market ({_COMMON}, sale_key uuid, reference text, grade_company varchar(3), grade numeric(3, 1),
    price numeric(12, 2), quantity integer, seller varchar(64), buyer varchar(64), sold_at timestamptz) on commit drop;
""",
}
STAGE_NAMES = """
create temporary table stage_fact (f integer primary key, pair integer, source text, condition varchar(12), currency varchar(3),
    source_id bigint, reason text) on commit drop;
create temporary table stage_lookup (k integer primary key, asked uuid, id_source text, id_value text, category text,
    release text, number text, finish text, language text, treatment text, variant_id uuid, reason text) on commit drop;
create temporary table stage_candidate (k integer, variant_id uuid, product_id uuid, is_default boolean, treatment text,
    language text, fits boolean) on commit drop;
"""
UNSTAGE = {
    "quotes": "drop table stage_market, stage_fresh, stage_fact, stage_lookup, stage_candidate",
    "sales": "drop table stage_market, stage_fact, stage_lookup, stage_candidate",
}
CLEAR = {"quotes": "truncate stage_market, stage_fresh", "sales": "truncate stage_market"}

COPY_FACTS = "copy stage_fact (f, pair, source, condition, currency) from stdin"
COPY_LOOKUPS = """copy stage_lookup (k, asked, id_source, id_value, category, release, number, finish, language, treatment)
from stdin"""
COPY = {
    "quotes": "copy stage_market (n, k, f, observed_at, low, mid, high, market, sample_size) from stdin with (null 'None')",
    "sales": """copy stage_market (n, k, f, sale_key, reference, grade_company, grade, price, quantity, seller, buyer, sold_at)
from stdin""",
}

SOURCES = """
update stage_fact f set source_id = o.id from valuations_source o where o.slug = f.source and f.f >= %(from)s;
update stage_fact set reason = 'there is no source ' || source where source_id is null and f >= %(from)s;
analyze stage_fact;
"""

# Each way to name a variant is looked up once, however many rows use it. Among a product's printings with the wanted finish
# the plain one in English comes first; an id that leads to several products names none of them.
RESOLVE = """
analyze stage_lookup;
update stage_lookup l set variant_id = v.id from catalog_variant v where v.id = l.asked and l.k >= %(from)s;
update stage_lookup set reason = 'there is no variant ' || asked where asked is not null and variant_id is null and k >= %(from)s;
truncate stage_candidate;
insert into stage_candidate
select l.k, v.id as variant_id, v.product_id, v.is_default, v.treatment, v.language,
       (l.finish = '' or v.finish = l.finish) and (l.language = '' or v.language = l.language)
         and (l.treatment = '' or v.treatment = l.treatment) as fits
from stage_lookup l join catalog_externalid e on e.source = l.id_source and e.value = l.id_value
join catalog_variant v on v.product_id = e.product_id and (e.variant_id is null or e.variant_id = v.id)
where l.id_value <> '' and l.asked is null and l.k >= %(from)s
union all
select l.k, v.id, v.product_id, v.is_default, v.treatment, v.language,
       (l.finish = '' or v.finish = l.finish) and (l.language = '' or v.language = l.language)
         and (l.treatment = '' or v.treatment = l.treatment)
from stage_lookup l join catalog_release r on lower(l.release) in (lower(r.code), lower(r.abbreviation))
join catalog_category c on c.id = r.category_id and l.category in ('', c.path, c.game)
join catalog_product p on p.release_id = r.id and p.number_key = catalog_number_key(l.number)
join catalog_variant v on v.product_id = p.id
where l.id_value = '' and l.asked is null and l.k >= %(from)s;
update stage_lookup l set reason = case
    when c.products is null then case when l.id_value <> '' then 'the catalogue knows no ' || l.id_source || ' id ' || l.id_value
         else 'the catalogue has no number ' || l.number || ' in ' || l.release end
    when c.fitting = 0 then 'the catalogue has no such printing of this card: '
         || concat_ws(', ', nullif(l.finish, ''), nullif(l.treatment, ''), nullif(l.language, ''))
    when c.fitting > 1 then 'it may be any of ' || c.fitting || ' cards' end,
  variant_id = case when c.fitting = 1 then c.best end
from stage_lookup a left join (
    select k, count(distinct product_id) as products, count(distinct product_id) filter (where fits) as fitting,
           (array_agg(variant_id order by language <> 'en', treatment <> '', not is_default, treatment, variant_id)
              filter (where fits))[1] as best
    from stage_candidate group by k) c on c.k = a.k
where a.k = l.k and l.asked is null and l.k >= %(from)s;
"""

# Finishes that the market prices and the catalogue lacks, of products that are known without doubt.
MISSING_FINISHES = """
select distinct c.product_id, l.finish, 'en' from stage_lookup l join stage_candidate c on c.k = l.k
where l.variant_id is null and l.finish <> '' and l.treatment = '' and l.language in ('', 'en')
  and (select count(distinct o.product_id) from stage_candidate o where o.k = l.k) = 1
  and not exists (select 1 from stage_candidate o where o.k = l.k and o.fits)
"""
NEW_FINISH_IDS = """
insert into catalog_externalid (source, value, product_id, variant_id)
select distinct l.id_source, l.id_value, c.product_id, v.id from stage_lookup l join stage_candidate c on c.k = l.k
join catalog_variant v on v.product_id = c.product_id and v.finish = l.finish and v.language = 'en' and v.treatment = ''
where l.id_value <> '' and not exists (select 1 from stage_candidate o where o.k = l.k and o.fits)
  and (select count(distinct o.product_id) from stage_candidate o where o.k = l.k) = 1
on conflict do nothing
"""

ANY_REFUSED = """
select exists (select from stage_fact where reason is not null) or exists (select from stage_lookup where reason is not null)
"""
REFUSED = """
select s.n, coalesce(f.reason, l.reason) from stage_market s join stage_fact f using (f) join stage_lookup l using (k)
where f.reason is not null or l.reason is not null order by s.n
"""
EMPTY = """
select count(*) from stage_market s join stage_fact f using (f) join stage_lookup l using (k)
where f.reason is null and l.reason is null and coalesce(s.low, s.mid, s.high, s.market) is null
"""
_USABLE = """stage_market s join stage_fact f using (f) join stage_lookup l using (k)
where f.reason is null and l.reason is null and coalesce(s.low, s.mid, s.high, s.market) is not null"""
MONTHS = f"""
select month, valuations_make_partition(month) from (
    select distinct date_trunc('month', s.observed_at at time zone 'UTC')::date as month from {_USABLE}) needed
"""  # noqa: S608 - fixed text

# Without a look at how many rows share their facts the planner takes them for few, and loops over indexes.
COUNT_FACTS = "analyze stage_market (f)"

# The last line wins where a file says two things of one moment; of the rest, what is new or says something else is kept.
# The span lets the planner leave the other months alone.
FRESH = f"""
insert into stage_fresh
select t.*, q.variant_id is null
from (
    select distinct on (l.variant_id, f.pair, s.observed_at) l.variant_id, f.source_id, f.condition, f.currency, s.observed_at,
        s.low, s.mid, s.high, s.market, s.sample_size
    from {_USABLE} order by l.variant_id, f.pair, s.observed_at, s.n desc) t
left join valuations_quote q on q.variant_id = t.variant_id and q.source_id = t.source_id
    and q.condition = t.condition and q.observed_at = t.observed_at and q.observed_at between %(first)s and %(last)s
where q.variant_id is null or (q.low, q.mid, q.high, q.market, q.sample_size, q.currency)
    is distinct from (t.low, t.mid, t.high, t.market, t.sample_size, t.currency)
"""  # noqa: S608
TOLD = f"""
select count(*), max(observed_at) from (select distinct l.variant_id, f.pair, s.observed_at from {_USABLE}) t
"""  # noqa: S608
INSERT_QUOTES = """
insert into valuations_quote (variant_id, source_id, condition, observed_at, low, mid, high, market, sample_size, currency)
select variant_id, source_id, condition, observed_at, low, mid, high, market, sample_size, currency from stage_fresh where is_new
"""
UPDATE_QUOTES = """
update valuations_quote q set low = s.low, mid = s.mid, high = s.high, market = s.market, sample_size = s.sample_size,
    currency = s.currency
from stage_fresh s
where not s.is_new and q.variant_id = s.variant_id and q.source_id = s.source_id and q.condition = s.condition
  and q.observed_at = s.observed_at and q.observed_at between %(first)s and %(last)s
"""
TOUCHED = "select distinct variant_id from stage_touched"

_SALES = """(select distinct on (f.source_id, s.reference) s.*, l.variant_id, f.source_id, f.condition, f.currency
from stage_market s join stage_fact f using (f) join stage_lookup l using (k) where f.reason is null and l.reason is null
order by f.source_id, s.reference, s.n desc)"""
TOTAL_SALES = f"select count(*), max(sold_at) from {_SALES} s"  # noqa: S608 - fixed text
UPDATE_SALES = f"""
update valuations_sale e set variant_id = s.variant_id, condition = s.condition, grade_company = s.grade_company, grade = s.grade,
    price = s.price, currency = s.currency, quantity = s.quantity, seller_ref = s.seller, buyer_ref = s.buyer, sold_at = s.sold_at
from {_SALES} s
where e.source_id = s.source_id and e.reference = s.reference
  and (e.variant_id, e.condition, e.grade_company, e.grade, e.price, e.currency, e.quantity, e.seller_ref, e.buyer_ref, e.sold_at)
    is distinct from (s.variant_id, s.condition, s.grade_company, s.grade, s.price, s.currency, s.quantity, s.seller, s.buyer,
    s.sold_at)
returning e.variant_id"""  # noqa: S608
INSERT_SALES = f"""
insert into valuations_sale (id, created_at, variant_id, source_id, reference, condition, grade_company, grade, price, currency,
    quantity, seller_ref, buyer_ref, sold_at)
select sale_key, %(now)s, variant_id, source_id, reference, condition, grade_company, grade, price, currency, quantity, seller,
    buyer, sold_at from {_SALES} s
where not exists (select 1 from valuations_sale e where e.source_id = s.source_id and e.reference = s.reference)
on conflict do nothing returning variant_id"""  # noqa: S608
