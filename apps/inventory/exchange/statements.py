"""The SQL that finds what staged lines name, in the order it runs. Everything works on sets of a few thousand lines.

A lookup is what lines say of a card; lines that say the same share one. Its candidates are ranked by how they were found:
1 our own id, 2 another site's id, 3 set and number, 4 set and name, 5 number and name, 6 name alone; 7 and 8 contradict
something that the line says, and are shown, never taken.
"""

_LINE = """id uuid, line integer, part smallint, said jsonb, problem text, reason text, likeness text, names text[],
sets text[], number text, sources text[], ids text[], asked uuid, finish text, treatment text, language text,
quantity integer, condition text, grade_company text, grade numeric, unit_cost_minor bigint, currency text,
acquired_on date, binder_name text, notes text"""
STAGED = tuple(part.split()[0] for part in _LINE.split(","))

STAGE = f"create temporary table stage_line ({_LINE}) on commit drop"
COPY = f"copy stage_line ({', '.join(STAGED)}) from stdin"

_AGREES = """(l.names = '{}' or catalog_words(p.name) = any(l.names)
or catalog_words(split_part(p.name, ' // ', 1)) = any(l.names)
or p.names <> '{}' and exists (select from jsonb_each_text(p.names) other where catalog_words(other.value) = any(l.names)))"""

LOOKUPS = """
create temporary table stage_lookup on commit drop as
select distinct on (likeness) likeness, array(select distinct w from unnest(names) n, catalog_words(n) w where w <> '') as names,
       catalog_words(names[1]) as name,
       array(select distinct k from unnest(sets) s, catalog_unpadded(catalog_words(s)) k where k <> '') as sets,
       catalog_number_key(number) as number, sources, ids, asked, finish, treatment,
       coalesce(nullif(language, ''), %(language)s) as language
from stage_line order by likeness;
create temporary table stage_release on commit drop as
with keys as (select distinct r.id, catalog_unpadded(catalog_words(k)) as key
              from catalog_release r, unnest(array[r.code, r.abbreviation, r.name]) k where k <> ''),
hits as (select l.likeness, k.id as release_id, count(*) as hits from (select likeness, unnest(sets) as key from stage_lookup) l
         join keys k using (key) group by 1, 2)
select likeness, release_id from (select *, max(hits) over (partition by likeness) as most from hits) h where hits = most;
create temporary table stage_candidate (likeness text, product_id uuid, variant_id uuid, rank integer) on commit drop;
analyze stage_lookup; analyze stage_release;
insert into stage_candidate
select l.likeness, v.product_id, v.id, 1 from stage_lookup l join catalog_variant v on v.id = l.asked;
"""

BY_ID = f"""
insert into stage_candidate
select distinct l.likeness, e.product_id, e.variant_id, case when {_AGREES} then 2 else 7 end
from stage_lookup l cross join lateral unnest(l.sources, l.ids) as given (source, value)
join catalog_externalid e on e.source = given.source and e.value = given.value
join catalog_product p on p.id = e.product_id
"""  # noqa: S608 - fixed text

BY_NUMBER = f"""
insert into stage_candidate
select l.likeness, p.id, null, case when {_AGREES} then 3 else 7 end
from stage_release r join stage_lookup l using (likeness)
join catalog_product p on p.release_id = r.release_id and p.number_key = l.number
where l.number <> '' and not exists (select from stage_candidate c where c.likeness = l.likeness and c.rank < 3)
"""  # noqa: S608

# The words of a set's cards are worked out once, not for every line that looks among them.
BY_NAME_IN_SET = """
with open as materialized (
    select l.*, r.release_id from stage_release r join stage_lookup l using (likeness)
    where l.names <> '{}' and not exists (select from stage_candidate c where c.likeness = l.likeness and c.rank < 4)),
cards as materialized (
    select p.id, p.release_id, array[catalog_words(p.name), catalog_words(split_part(p.name, ' // ', 1))]
           || array(select catalog_words(value) from jsonb_each_text(p.names)) as words
    from catalog_product p where p.release_id in (select release_id from open))
insert into stage_candidate
select l.likeness, p.id, null, case when l.number = '' then 4 else 8 end
from open l join cards p on p.release_id = l.release_id and p.words && l.names
"""

BY_NUMBER_AND_NAME = f"""
insert into stage_candidate
select l.likeness, p.id, null, case when l.sets = '{{}}' then 5 else 8 end
from stage_lookup l join catalog_product p on p.number_key = l.number
where l.number <> '' and l.names <> '{{}}' and {_AGREES}
  and not exists (select from stage_candidate c where c.likeness = l.likeness and c.rank < 5)
"""  # noqa: S608

BY_NAME = f"""
insert into stage_candidate
select l.likeness, p.id, null, case when l.sets = '{{}}' and l.number = '' then 6 else 8 end
from stage_lookup l cross join lateral (
    select p.* from catalog_product p where p.search @@ phraseto_tsquery('simple', l.name) and {_AGREES} limit 60) p
where l.name <> '' and not exists (select from stage_candidate c where c.likeness = l.likeness)
"""  # noqa: S608

# How well a printing of a found card fits: 4 our own id that nothing contradicts, 3 exactly what was said, 2 what sites with
# two finishes call foil or ordinary, or the ordinary printing where nothing was said, 1 in another finish, 0 language.
RESOLVE = """
analyze stage_candidate;
create temporary table stage_fit on commit drop as
select c.likeness, c.rank, c.product_id, v.id as variant_id, v.finish, v.is_default, case
    when v.language <> l.language then 0
    when c.rank = 1 and c.variant_id = v.id and l.finish in ('', v.finish) and l.treatment in ('', v.treatment) then 4
    when v.finish = coalesce(nullif(l.finish, ''), 'normal') and v.treatment = l.treatment then 3
    when v.treatment <> l.treatment then 1
    when l.finish = '' and v.is_default then 2
    when l.finish = 'foil' and v.finish in ('holofoil', 'reverse-holofoil', 'etched') then 2
    when l.finish = 'normal' and v.finish = 'holofoil' then 2
    when l.finish in ('first-edition', 'first-edition-holofoil') and v.finish like 'first-edition%' then 2
    else 1 end as fit
from stage_candidate c join stage_lookup l using (likeness)
join catalog_variant v on v.product_id = c.product_id
  and (c.variant_id is null or c.rank = 1 or v.id = c.variant_id);
create temporary table stage_found on commit drop as
with best as (select likeness, min(rank) as rank from stage_fit group by 1),
near as (select f.*, max(f.fit) over (partition by f.likeness) as most from stage_fit f join best b using (likeness, rank)),
counted as (
    select likeness, min(rank) as rank, max(most) as most, count(distinct product_id) as products,
           count(distinct variant_id) filter (where fit = most) as fitting,
           (array_agg(variant_id) filter (where fit = most))[1] as variant_id,
           (array_agg(finish) filter (where fit = most))[1] as finish
    from near group by likeness),
shown as (
    select likeness, array_agg(variant_id order by place) as candidates from (
        select likeness, variant_id, row_number() over (partition by likeness order by min(rank), max(fit) desc,
               min(r.released_on) desc nulls last, min(p.number_sort), min(f.finish), variant_id) as place
        from stage_fit f join catalog_product p on p.id = f.product_id join catalog_release r on r.id = p.release_id
        group by likeness, variant_id) each
    where place <= 12 group by likeness)
select l.likeness, coalesce(s.candidates, '{}') as candidates,
       case when c.rank < 7 and c.products = 1 and c.most > 1 and c.fitting = 1 then c.variant_id end as variant_id,
       case when c.rank is null then 'The catalogue has no such card.'
            when c.rank = 7 then 'The name does not go with the number or the id.'
            when c.rank = 8 then 'Not found as it is written; perhaps it is one of these.'
            when c.products > 1 then 'It may be any of ' || c.products || ' cards.'
            when c.most = 0 then 'We know no printing of this card in this language.'
            when c.most = 1 then 'We know no such finish of this card.'
            when c.fitting > 1 then 'It may be any of ' || c.fitting || ' printings.'
            when c.rank = 6 then 'The only card of this name.'
            when c.most = 2 then 'Taken as ' || replace(c.finish, '-', ' ') || ', the only printing of that kind.'
            else '' end as reason
from stage_lookup l left join counted c using (likeness) left join shown s using (likeness);
analyze stage_found;
"""

_STATE = """case when s.problem <> '' then 'bad' when f.variant_id is not null then 'matched'
when f.candidates = '{}' then 'unknown' else 'ambiguous' end"""
_PROBLEM = "case when s.problem <> '' then s.problem when f.variant_id is null then 'card' else '' end"
_REASON = "case when s.problem <> '' then s.reason else f.reason end"
_FACTS = """quantity, condition, grade_company, grade, unit_cost_minor, currency, acquired_on, binder_name, notes"""

KEEP = f"""
insert into inventory_importline (id, origin_id, line, part, state, said, problem, reason, likeness, variant_id, candidates,
    {_FACTS})
select s.id, %(origin)s, s.line, s.part, {_STATE}, s.said, {_PROBLEM}, {_REASON}, s.likeness, f.variant_id, f.candidates,
    s.{_FACTS.replace(", ", ", s.")}
from stage_line s join stage_found f using (likeness)
on conflict (origin_id, line, part) do nothing
"""  # noqa: S608

KEEP_AGAIN = f"""
update inventory_importline t set state = {_STATE}, said = s.said, problem = {_PROBLEM}, reason = {_REASON},
    likeness = s.likeness, variant_id = f.variant_id, candidates = f.candidates,
    {", ".join(f"{name} = s.{name}" for name in _FACTS.split(", "))}
from stage_line s join stage_found f using (likeness)
where t.id = s.id and t.state in ('matched', 'ambiguous', 'unknown', 'bad')
"""  # noqa: S608

UNSTAGE = "drop table stage_line, stage_lookup, stage_release, stage_candidate, stage_fit, stage_found"

# Adding: equal lines share an item; one that the member has already takes them, unless a buyer may have seen it.
_KEY = "variant_id, condition, grade_company, grade, unit_cost_minor, currency, acquired_on, binder_id, notes"
DUE = """
create temporary table due on commit drop as
select l.id, l.line, l.part, l.variant_id, l.condition, l.grade_company, l.grade, l.unit_cost_minor, l.currency,
       l.acquired_on, coalesce(b.id, %(binder)s::uuid) as binder_id, l.notes, l.quantity, null::uuid as item_id,
       false as is_new
from inventory_importline l left join inventory_binder b on b.owner_id = %(owner)s and b.name = l.binder_name
where l.origin_id = %(origin)s and l.state = 'matched' order by l.line, l.part limit %(most)s;
analyze due;
"""
_SAME = " and ".join(
    f"i.{name} is not distinct from d.{name}" if name in ("grade", "unit_cost_minor", "acquired_on", "binder_id")
    else f"i.{name} = d.{name}"
    for name in _KEY.split(", ")
)  # fmt: skip
JOIN = f"""
update due set item_id = t.item_id from (
    select distinct on (d.id) d.id, i.id as item_id from due d join inventory_inventoryitem i on {_SAME}
    where i.owner_id = %(owner)s and i.quantity > 0
      and not exists (select from inventory_itemphoto p where p.item_id = i.id)
      and not exists (select from listings_listing o where o.item_id = i.id)
    order by d.id, i.id) t
where due.id = t.id
"""  # noqa: S608
LOCK = "select id from inventory_inventoryitem where id in (select item_id from due) order by id for no key update"
GATHER = f"""
update due set item_id = t.first, is_new = due.id = t.first from (
    select id, first_value(id) over (partition by {_KEY} order by line, part) as first from due where item_id is null) t
where due.id = t.id;
analyze due;
"""  # noqa: S608
APART = "update due set item_id = id, is_new = true; analyze due"
RAISE = """
update inventory_inventoryitem i set quantity = i.quantity + d.copies
from (select item_id, sum(quantity) as copies from due group by item_id having not bool_or(is_new)) d where i.id = d.item_id
"""
MAKE = """
insert into inventory_inventoryitem (id, created_at, owner_id, variant_id, condition, grade_company, grade, quantity, reserved,
    unit_cost_minor, currency, acquired_on, binder_id, notes, provenance)
select d.id, %(now)s, %(owner)s, d.variant_id, d.condition, d.grade_company, d.grade,
       t.copies, 0, d.unit_cost_minor, d.currency, d.acquired_on,
       d.binder_id, d.notes, jsonb_build_object('from', 'import', 'import', %(origin)s::text, 'line', d.line)
from due d join (select item_id, sum(quantity) as copies from due group by item_id) t on t.item_id = d.id
where d.is_new order by d.line, d.part
"""
MOVE = """
insert into inventory_movement (id, created_at, item_id, kind, quantity_change, reserved_change, unit_price_minor, currency,
    cause, by_id)
select gen_random_uuid(), %(now)s, item_id, 'imported', quantity, 0, unit_cost_minor, currency,
       'import:' || %(origin)s || ':' || line || ':' || part, %(owner)s
from due
"""
TELL = """
update inventory_importline l set state = case when d.is_new then 'added' else 'merged' end, item_id = d.item_id, problem = ''
from due d where l.id = d.id
"""

# Undoing: all lines of an item together, where its copies are all still here and none is promised or for sale.
UNDO_ITEMS = """
create temporary table gone on commit drop as
select l.item_id, sum(l.quantity) as copies from inventory_importline l
where l.origin_id = %(origin)s and l.state in ('added', 'merged') and l.item_id > %(past)s
group by l.item_id order by l.item_id limit %(most)s;
"""
UNDO_LOCK = (
    "select id from inventory_inventoryitem where id in (select item_id from gone) order by id for no key update"
)
UNDO_KEPT = """
with kept as (
    delete from gone g using inventory_inventoryitem i
    where i.id = g.item_id and i.quantity - i.reserved - coalesce((
        select sum(o.quantity) from listings_listing o where o.item_id = i.id and o.state in ('active', 'paused')), 0) < g.copies
    returning g.item_id)
update inventory_importline l set reason = 'Stays: copies of it are sold, promised or for sale.'
from kept where l.item_id = kept.item_id and l.origin_id = %(origin)s and l.state in ('added', 'merged')
"""
UNDO = """
update inventory_inventoryitem i set quantity = i.quantity - g.copies from gone g where i.id = g.item_id;
insert into inventory_movement (id, created_at, item_id, kind, quantity_change, reserved_change, currency, cause, by_id)
select gen_random_uuid(), %(now)s, g.item_id, 'removed', -g.copies, 0, i.currency, 'import-undo:' || %(origin)s, %(owner)s
from gone g join inventory_inventoryitem i on i.id = g.item_id;
update inventory_importline l set state = 'undone', reason = '' from gone g
where l.item_id = g.item_id and l.origin_id = %(origin)s and l.state in ('added', 'merged');
"""
