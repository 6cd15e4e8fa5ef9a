"""The SQL of the loader, in the order it runs. Staged rows are numbered `n`; candidates for keys are made in Python."""

STAGE = """
select pg_advisory_xact_lock(hashtext('catalog.import'));
create temporary table stage_printing (
    n integer primary key, category_id bigint, release_key uuid, release_code text, release_name text, series text,
    abbreviation text, released_on date, total_cards integer, product_key uuid, number text, name text, names jsonb,
    rarity text, artist text, attributes jsonb, known_source text, known_value text, image_url text,
    image_credit text, release_id uuid, product_id uuid, is_known boolean not null default false
) on commit drop;
create temporary table stage_variant (
    variant_key uuid, n integer, finish text, language text, treatment text, product_id uuid
) on commit drop;
create temporary table stage_id (
    n integer, finish text, language text, treatment text, source text, value text, product_id uuid, variant_id uuid
) on commit drop;
create temporary table stage_barcode (n integer, line integer, value text, product_id uuid) on commit drop;
"""

COPY_PRINTINGS = """copy stage_printing (n, category_id, release_key, release_code, release_name, series, abbreviation,
released_on, total_cards, product_key, number, name, names, rarity, artist, attributes, known_source, known_value,
image_url, image_credit) from stdin"""
COPY_VARIANTS = "copy stage_variant (variant_key, n, finish, language, treatment) from stdin"
COPY_IDS = "copy stage_id (n, finish, language, treatment, source, value) from stdin"
COPY_BARCODES = "copy stage_barcode (n, line, value) from stdin"

# An id that the catalogue has for exactly one product names that product, whatever its release code and number.
PREPARE = """
analyze stage_printing; analyze stage_variant; analyze stage_id;
update stage_printing s set product_id = known.product_id, is_known = true
from (select e.source, e.value, min(e.product_id::text)::uuid as product_id
      from catalog_externalid e
      where (e.source, e.value) in (select known_source, known_value from stage_printing where known_value is not null)
      group by e.source, e.value having count(distinct e.product_id) = 1) known
where known.source = s.known_source and known.value = s.known_value;
"""

_RELEASES = """(select distinct on (category_id, release_code) * from stage_printing where not is_known
order by category_id, release_code, (released_on is null), n)"""
_RELEASE_TOTAL = f"select count(*) from {_RELEASES} s"  # noqa: S608 - fixed text
_RELEASE_UPDATE = f"""
update catalog_release r set
    name = coalesce(nullif(s.release_name, ''), r.name), series = coalesce(nullif(s.series, ''), r.series),
    abbreviation = coalesce(nullif(s.abbreviation, ''), r.abbreviation),
    released_on = coalesce(s.released_on, r.released_on), total_cards = coalesce(s.total_cards, r.total_cards)
from {_RELEASES} s
where r.category_id = s.category_id and r.code = s.release_code
  and (r.name, r.series, r.abbreviation, r.released_on, r.total_cards) is distinct from (
    coalesce(nullif(s.release_name, ''), r.name), coalesce(nullif(s.series, ''), r.series),
    coalesce(nullif(s.abbreviation, ''), r.abbreviation), coalesce(s.released_on, r.released_on),
    coalesce(s.total_cards, r.total_cards))
"""  # noqa: S608
_RELEASE_INSERT = f"""
insert into catalog_release (id, created_at, category_id, code, name, series, abbreviation, released_on, total_cards)
select s.release_key, %(now)s, s.category_id, s.release_code, coalesce(nullif(s.release_name, ''), s.release_code), s.series,
       s.abbreviation, s.released_on, s.total_cards
from {_RELEASES} s
where not exists (select 1 from catalog_release r where r.category_id = s.category_id and r.code = s.release_code)
order by s.n
"""  # noqa: S608
_RELEASE_LINK = """
update stage_printing s set release_id = r.id from catalog_release r
where r.category_id = s.category_id and r.code = s.release_code and not s.is_known;
analyze stage_printing;
"""

# One row per product: several lines may tell of one printing in several languages; the first line leads, names add up.
_PRODUCTS = """(
    select distinct on (category_id, release_id, number) s.*, told.all_names from stage_printing s
    join (select n, case when count(*) over w = 1 then names else (
            select coalesce(jsonb_object_agg(name.key, name.value), '{}') from stage_printing other,
                   lateral jsonb_each(other.names) name
            where (other.category_id, other.release_id, other.number) = (t.category_id, t.release_id, t.number)) end as all_names
          from stage_printing t where not is_known
          window w as (partition by category_id, release_id, number)) told using (n)
    where not s.is_known order by category_id, release_id, number, n)"""
_PRODUCT_TOTAL = (
    "select count(distinct coalesce(product_id::text, concat_ws('|', release_id, number))) from stage_printing"
)
_PRODUCT_UPDATE = f"""
with staged as materialized {_PRODUCTS}, fresh as (
    select p.id, coalesce(nullif(s.name, ''), p.name) as name, p.names || s.all_names as names,
           coalesce(nullif(s.rarity, ''), p.rarity) as rarity, coalesce(nullif(s.artist, ''), p.artist) as artist,
           p.attributes || s.attributes as attributes
    from staged s join catalog_product p
      on p.category_id = s.category_id and p.release_id = s.release_id and p.number = s.number
    union all
    select p.id, p.name, s.names || p.names, coalesce(nullif(p.rarity, ''), s.rarity), coalesce(nullif(p.artist, ''), s.artist),
           s.attributes || p.attributes
    from (select distinct on (product_id) * from stage_printing where is_known order by product_id, n) s
    join catalog_product p on p.id = s.product_id)
update catalog_product p set name = f.name, names = f.names, rarity = f.rarity, artist = f.artist,
    attributes = f.attributes
from fresh f where p.id = f.id and (p.name, p.names, p.rarity, p.artist, p.attributes)
    is distinct from (f.name, f.names, f.rarity, f.artist, f.attributes)
"""  # noqa: S608
_PRODUCT_INSERT = f"""
insert into catalog_product (id, created_at, category_id, release_id, number, name, names, rarity, artist, attributes,
    number_key, number_sort)
select s.product_key, %(now)s, s.category_id, s.release_id, s.number, s.name, s.all_names, s.rarity, s.artist,
       s.attributes, '', 0
from {_PRODUCTS} s
where not exists (select 1 from catalog_product p
    where p.category_id = s.category_id and p.release_id = s.release_id and p.number = s.number)
order by s.n
"""  # noqa: S608
_PRODUCT_LINK = """
update stage_printing s set product_id = p.id from catalog_product p
where p.category_id = s.category_id and p.release_id = s.release_id and p.number = s.number and not s.is_known;
analyze stage_printing;
update stage_variant v set product_id = s.product_id from stage_printing s where s.n = v.n;
update stage_id i set product_id = s.product_id from stage_printing s where s.n = i.n;
update stage_barcode b set product_id = s.product_id from stage_printing s where s.n = b.n;
analyze stage_variant; analyze stage_id;
"""

_VARIANTS = """(select distinct on (product_id, finish, language, treatment) * from stage_variant
order by product_id, finish, language, treatment, n)"""
_VARIANT_TOTAL = f"select count(*) from {_VARIANTS} s"  # noqa: S608
_VARIANT_INSERT = f"""
insert into catalog_variant (id, created_at, product_id, finish, language, treatment, is_default)
select s.variant_key, %(now)s, s.product_id, s.finish, s.language, s.treatment, false from {_VARIANTS} s
where not exists (select 1 from catalog_variant v where (v.product_id, v.finish, v.language, v.treatment)
    = (s.product_id, s.finish, s.language, s.treatment))
order by s.n
"""  # noqa: S608
# English before other languages, the plain printing before treated ones, the common finish before the rare one.
_VARIANT_DEFAULT = """
update catalog_variant v set is_default = true
from (select distinct on (product_id) id from catalog_variant c
      where product_id in (select product_id from stage_variant)
        and not exists (select 1 from catalog_variant d where d.product_id = c.product_id and d.is_default)
      order by product_id, language <> 'en', treatment <> '', array_position(array['normal', 'holofoil', 'foil',
        'reverse-holofoil', 'etched', 'first-edition', 'first-edition-holofoil', 'sealed'], finish::text), id) chosen
where v.id = chosen.id
"""
_VARIANT_LINK = """
update stage_id i set variant_id = v.id from catalog_variant v
where (v.product_id, v.finish, v.language, v.treatment) = (i.product_id, i.finish, i.language, i.treatment);
analyze stage_id;
"""

_IDS = "(select distinct source, value, product_id, variant_id from stage_id)"
_ID_TOTAL = f"select count(*) from {_IDS} s"  # noqa: S608
_ID_INSERT = f"""
insert into catalog_externalid (source, value, product_id, variant_id)
select s.source, s.value, s.product_id, s.variant_id from {_IDS} s
where not exists (select 1 from catalog_externalid e where e.source = s.source and e.value = s.value
    and e.product_id = s.product_id and e.variant_id is not distinct from s.variant_id)
"""  # noqa: S608

_BARCODES = "(select distinct on (value) * from stage_barcode order by value, n)"
_BARCODE_TOTAL = f"select count(*) from {_BARCODES} s"  # noqa: S608
_BARCODE_INSERT = f"""
insert into catalog_barcode (id, created_at, product_id, value)
select gen_random_uuid(), %(now)s, s.product_id, s.value from {_BARCODES} s
where not exists (select 1 from catalog_barcode b where b.value = s.value)
"""  # noqa: S608
# A barcode means one product: the one that had it first keeps it.
TAKEN_BARCODES = """
select s.line, s.value, p.name, p.number from stage_barcode s join catalog_barcode b on b.value = s.value
join catalog_product p on p.id = b.product_id where b.product_id <> s.product_id order by s.n
"""

_IMAGES = """(select distinct on (product_id) product_id, image_url, image_credit, n from stage_printing
where image_url <> '' order by product_id, n)"""
_IMAGE_TOTAL = f"select count(*) from {_IMAGES} s"  # noqa: S608
# A picture that was fetched already stays; only an address that was never fetched follows the source.
_IMAGE_UPDATE = f"""
update catalog_productimage i set source_url = s.image_url, credit = s.image_credit from {_IMAGES} s
where i.product_id = s.product_id and i.is_primary and i.file = ''
  and (i.source_url, i.credit) is distinct from (s.image_url, s.image_credit)
"""  # noqa: S608
_IMAGE_INSERT = f"""
insert into catalog_productimage (id, created_at, product_id, language, file, source_url, credit, width, height, is_primary)
select gen_random_uuid(), %(now)s, s.product_id, 'en', '', s.image_url, s.image_credit, 0, 0, true from {_IMAGES} s
where not exists (select 1 from catalog_productimage i where i.product_id = s.product_id and i.is_primary)
"""  # noqa: S608

# kind: (how many rows are staged, update or "", insert)
STEPS = {
    "releases": (_RELEASE_TOTAL, _RELEASE_UPDATE, _RELEASE_INSERT),
    "products": (_PRODUCT_TOTAL, _PRODUCT_UPDATE, _PRODUCT_INSERT),
    "variants": (_VARIANT_TOTAL, "", _VARIANT_INSERT),
    "ids": (_ID_TOTAL, "", _ID_INSERT),
    "barcodes": (_BARCODE_TOTAL, "", _BARCODE_INSERT),
    "images": (_IMAGE_TOTAL, _IMAGE_UPDATE, _IMAGE_INSERT),
}
AFTER = {
    "releases": (_RELEASE_LINK,),
    "products": (_PRODUCT_LINK,),
    "variants": (_VARIANT_DEFAULT, _VARIANT_LINK),
}

# The vocabulary that typos are compared with: words of names and sets, with how many products carry each.
REFRESH_WORDS = """
with counted as (
    select word, count(*) as frequency from (
        select distinct p.id, word from catalog_product p join catalog_release r on r.id = p.release_id
               join catalog_category c on c.id = p.category_id,
               lateral regexp_split_to_table(catalog_words(concat_ws(' ', p.name, r.name, r.series, p.artist, p.rarity, c.name,
                   (select string_agg(value, ' ') from jsonb_each_text(p.names)))), ' ') word
        union
        select v.product_id, word from catalog_variant v,
               lateral regexp_split_to_table(catalog_words(catalog_finish_words(v.finish) || ' ' || v.treatment), ' ') word
        where v.finish <> 'normal' or v.treatment <> '') each
    where length(word) between 2 and 80 group by word),
gone as (delete from catalog_word w where not exists (select 1 from counted c where c.word = w.word))
insert into catalog_word (word, frequency) select word, frequency from counted
on conflict (word) do update set frequency = excluded.frequency where catalog_word.frequency <> excluded.frequency
"""

# Fresh statistics at once: the planner would search the new rows blindly until the autovacuum comes by.
UNSTAGE = """
drop table stage_printing, stage_variant, stage_id, stage_barcode;
analyze catalog_release; analyze catalog_product; analyze catalog_variant; analyze catalog_externalid; analyze catalog_barcode;
analyze catalog_word;
"""
