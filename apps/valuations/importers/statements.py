"""The SQL of the loader of market data, in the order it runs. Rows that cannot be used get a reason."""

_COMMON = """
    n integer primary key, line integer, content jsonb, variant_id uuid, id_source text, id_value text, category text,
    release text, number text, finish text, language text, treatment text, source text, source_id bigint, condition text,
    currency text, reason text"""
STAGE = {
    "quotes": f"""create temporary table stage_market ({_COMMON},
    observed_at timestamptz, low numeric(12, 2), mid numeric(12, 2), high numeric(12, 2), market numeric(12, 2),
    sample_size integer) on commit drop""",
    "sales": f"""create temporary table stage_market ({_COMMON},
    sale_key uuid, reference text, grade_company text, grade numeric(3, 1), price numeric(12, 2), quantity integer,
    seller text, buyer text, sold_at timestamptz) on commit drop""",
}
_COPIED = """n, line, content, variant_id, id_source, id_value, category, release, number, finish, language, treatment, source,
condition, currency"""
COPY = {
    "quotes": f"copy stage_market ({_COPIED}, observed_at, low, mid, high, market, sample_size) from stdin",
    "sales": f"""copy stage_market ({_COPIED}, sale_key, reference, grade_company, grade, price, quantity, seller, buyer, sold_at)
from stdin""",
}

# Each way to name a variant is looked up once, however many rows use it. Among a product's printings with the wanted finish
# the plain one in English comes first; an id that leads to several products names none of them.
RESOLVE = """
analyze stage_market;
update stage_market s set source_id = o.id from valuations_source o where o.slug = s.source;
update stage_market set reason = 'there is no source ' || source where source_id is null;
update stage_market s set reason = 'there is no variant ' || variant_id
where reason is null and variant_id is not null and not exists (select 1 from catalog_variant v where v.id = s.variant_id);
create temporary table stage_lookup on commit drop as
select row_number() over () as k, null::uuid as variant_id, null::text as reason, asked.* from (
    select distinct id_source, id_value, category, release, number, finish, language, treatment
    from stage_market where variant_id is null and reason is null) asked;
analyze stage_lookup;
create temporary table stage_candidate on commit drop as
select l.k, v.id as variant_id, v.product_id, v.is_default, v.treatment, v.language,
       (l.finish = '' or v.finish = l.finish) and (l.language = '' or v.language = l.language)
         and (l.treatment = '' or v.treatment = l.treatment) as fits
from stage_lookup l join catalog_externalid e on e.source = l.id_source and e.value = l.id_value
join catalog_variant v on v.product_id = e.product_id and (e.variant_id is null or e.variant_id = v.id)
where l.id_value <> ''
union all
select l.k, v.id, v.product_id, v.is_default, v.treatment, v.language,
       (l.finish = '' or v.finish = l.finish) and (l.language = '' or v.language = l.language)
         and (l.treatment = '' or v.treatment = l.treatment)
from stage_lookup l join catalog_release r on lower(l.release) in (lower(r.code), lower(r.abbreviation))
join catalog_category c on c.id = r.category_id and l.category in ('', c.path, c.game)
join catalog_product p on p.release_id = r.id and p.number_key = catalog_number_key(l.number)
join catalog_variant v on v.product_id = p.id
where l.id_value = '';
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
where a.k = l.k;
update stage_market s set variant_id = l.variant_id, reason = l.reason from stage_lookup l
where s.variant_id is null and s.reason is null
  and (s.id_source, s.id_value, s.category, s.release, s.number, s.finish, s.language, s.treatment)
    = (l.id_source, l.id_value, l.category, l.release, l.number, l.finish, l.language, l.treatment);
analyze stage_market;
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
FORGET_LOOKUPS = """
update stage_market set reason = null, variant_id = null
where reason is not null and source_id is not null and (id_value <> '' or number <> '');
drop table stage_lookup, stage_candidate;
"""

REFUSED = "select line, content, reason from stage_market where reason is not null order by n"
REFUSED_NAMES = """select null::integer, jsonb_strip_nulls(jsonb_build_object('source', source, 'variant_id', variant_id,
    'id_source', nullif(id_source, ''), 'id', nullif(id_value, ''), 'category', nullif(category, ''),
    'release', nullif(release, ''), 'number', nullif(number, ''), 'finish', nullif(finish, ''),
    'language', nullif(language, ''), 'treatment', nullif(treatment, ''))), reason
from stage_market where reason is not null order by n"""
EMPTY = """delete from stage_market where reason is null and coalesce(low, mid, high, market) is null"""
MONTHS = """select count(*) from (select distinct date_trunc('month', observed_at at time zone 'UTC')::date as month
from stage_market where reason is null) needed where valuations_make_partition(month)"""

# The last line wins where a file says two things of one moment.
_QUOTES = """(select distinct on (variant_id, source_id, condition, observed_at) * from stage_market where reason is null
order by variant_id, source_id, condition, observed_at, n desc)"""
_SALES = """(select distinct on (source_id, reference) * from stage_market where reason is null
order by source_id, reference, n desc)"""

TOTAL = {
    "quotes": f"select count(*), max(observed_at) from {_QUOTES} s",  # noqa: S608 - fixed text
    "sales": f"select count(*), max(sold_at) from {_SALES} s",  # noqa: S608
}
UPDATE = {
    "quotes": f"""
update valuations_quote q set low = s.low, mid = s.mid, high = s.high, market = s.market, sample_size = s.sample_size,
    currency = s.currency
from {_QUOTES} s
where q.variant_id = s.variant_id and q.source_id = s.source_id and q.condition = s.condition and q.observed_at = s.observed_at
  and (q.low, q.mid, q.high, q.market, q.sample_size, q.currency)
    is distinct from (s.low, s.mid, s.high, s.market, s.sample_size, s.currency::varchar)
returning q.variant_id""",  # noqa: S608
    "sales": f"""
update valuations_sale e set variant_id = s.variant_id, condition = s.condition, grade_company = s.grade_company, grade = s.grade,
    price = s.price, currency = s.currency, quantity = s.quantity, seller_ref = s.seller, buyer_ref = s.buyer, sold_at = s.sold_at
from {_SALES} s
where e.source_id = s.source_id and e.reference = s.reference
  and (e.variant_id, e.condition, e.grade_company, e.grade, e.price, e.currency, e.quantity, e.seller_ref, e.buyer_ref, e.sold_at)
    is distinct from (s.variant_id, s.condition::varchar, s.grade_company::varchar, s.grade, s.price, s.currency::varchar,
    s.quantity, s.seller::varchar, s.buyer::varchar, s.sold_at)
returning e.variant_id""",  # noqa: S608
}
INSERT = {
    "quotes": f"""
insert into valuations_quote (variant_id, source_id, condition, observed_at, low, mid, high, market, sample_size, currency)
select variant_id, source_id, condition, observed_at, low, mid, high, market, sample_size, currency from {_QUOTES} s
where not exists (select 1 from valuations_quote q where q.variant_id = s.variant_id and q.source_id = s.source_id
    and q.condition = s.condition and q.observed_at = s.observed_at)
on conflict do nothing returning variant_id""",  # noqa: S608
    "sales": f"""
insert into valuations_sale (id, created_at, variant_id, source_id, reference, condition, grade_company, grade, price, currency,
    quantity, seller_ref, buyer_ref, sold_at)
select sale_key, %(now)s, variant_id, source_id, reference, condition, grade_company, grade, price, currency, quantity, seller,
    buyer, sold_at from {_SALES} s
where not exists (select 1 from valuations_sale e where e.source_id = s.source_id and e.reference = s.reference)
on conflict do nothing returning variant_id""",  # noqa: S608
}
