"""One order of locks for every way to post: new accounts by code, accounts with a floor by id, then the keys.

A posting by itself took its key first and a batch its accounts first. Two that shared both, such as an event that came
again while a batch was posted, could wait for each other until PostgreSQL ended one of them.
"""

from django.db import migrations

POST = """
create or replace function escrow_post(
  p_kind text, p_key text, p_cause text, p_codes text[], p_currencies text[], p_amounts bigint[], p_floors bigint[]
) returns bigint language plpgsql as $$
declare
  made bigint;
begin
  if cardinality(p_codes) is distinct from cardinality(p_currencies)
     or cardinality(p_codes) is distinct from cardinality(p_amounts)
     or cardinality(p_codes) is distinct from cardinality(p_floors) then
    raise exception 'codes, currencies, amounts and floors differ in length'
      using errcode = 'CV001', constraint = 'posting_is_complete';
  end if;
  perform escrow_open_accounts(p_codes, p_currencies, p_floors);
  with lines as materialized (
    select * from unnest(p_codes, p_currencies, p_amounts) with ordinality as g(code, currency, amount, place)
  ), locked as materialized (
    select a.id, a.code, a.currency from escrow_ledgeraccount a
     where (a.code, a.currency) in (select l.code, l.currency from lines l) and a.floor is not null
     order by a.id for no key update
  ), fresh as (
    -- The count makes the key wait for the locks.
    insert into escrow_ledgertransaction (kind, idempotency_key, cause, posted_at)
      select p_kind, p_key, p_cause, clock_timestamp() from (select count(*) from locked) taken
      on conflict (idempotency_key) do nothing returning id
  ), accounts as (
    select id, code, currency from locked
    union all
    select a.id, a.code, a.currency from escrow_ledgeraccount a
     where (a.code, a.currency) in (select l.code, l.currency from lines l) and a.floor is null
  ), entries as (
    insert into escrow_ledgerentry (transaction_id, account_id, currency, amount)
      select f.id, a.id, l.currency, l.amount from fresh f, lines l join accounts a using (code, currency)
       order by l.place
  )
  select id into made from fresh;
  if made is null then
    return escrow_posted_before(p_kind, p_key, p_cause, p_codes, p_currencies, p_amounts);
  end if;
  return made;
end $$;
"""

POST_MANY = """
create or replace function escrow_post_many(
  p_kinds text[], p_keys text[], p_causes text[],
  p_places int[], p_codes text[], p_currencies text[], p_amounts bigint[], p_floors bigint[], p_each boolean
) returns table (place int, transaction_id bigint, is_new boolean, refused_by text, refusal text)
language plpgsql as $$
#variable_conflict use_column
declare
  postings int := cardinality(p_keys);
  lines int := cardinality(p_codes);
  made bigint[];
  earlier bigint[] := array_fill(null::bigint, array[cardinality(p_keys)]);
  v_first int := 1;
  v_last int := 0;
  v_place int;
  v_id bigint;
  v_new boolean;
  v_by text;
  v_text text;
  v_codes text[];
  v_currencies text[];
  v_amounts bigint[];
begin
  if cardinality(p_kinds) <> postings or cardinality(p_causes) <> postings or cardinality(p_places) <> lines
     or cardinality(p_currencies) <> lines or cardinality(p_amounts) <> lines or cardinality(p_floors) <> lines
     or exists (select 1 from (select g.at, lag(g.at, 1, 1) over (order by g.number) as former
                  from unnest(p_places) with ordinality as g(at, number)) w
                 where w.at < w.former or w.at > postings) then
    raise exception 'the columns of the postings do not fit together'
      using errcode = 'CV001', constraint = 'posting_is_complete';
  end if;
  if exists (select 1 from unnest(p_keys) as g(key) group by g.key having count(*) > 1) then
    raise exception 'one key stands for two postings of one call'
      using errcode = 'CV004', constraint = 'posting_key_means_one_posting';
  end if;

  perform escrow_open_accounts(p_codes, p_currencies, p_floors);
  perform 1 from escrow_ledgeraccount a
    where (a.code, a.currency) in (select g.code, g.currency from unnest(p_codes, p_currencies) as g(code, currency))
      and a.floor is not null
    order by a.id for no key update;

  if p_each then
    for v_place in 1..postings loop
      while v_last < lines and p_places[v_last + 1] = v_place loop
        v_last := v_last + 1;
      end loop;
      v_id := null; v_new := false; v_by := null; v_text := null;
      begin
        perform escrow_check_lines(array_fill(v_place, array[v_last - v_first + 1]),
          p_currencies[v_first:v_last], p_amounts[v_first:v_last], v_place, v_place);
        v_new := not exists (select 1 from escrow_ledgertransaction t where t.idempotency_key = p_keys[v_place]);
        v_id := escrow_post(p_kinds[v_place], p_keys[v_place], p_causes[v_place], p_codes[v_first:v_last],
          p_currencies[v_first:v_last], p_amounts[v_first:v_last], p_floors[v_first:v_last]);
        v_new := v_new and exists (
          select 1 from escrow_ledgertransaction t where t.id = v_id and t.made_in = pg_current_xact_id());
      exception when sqlstate 'CV001' or sqlstate 'CV002' or sqlstate 'CV003' or sqlstate 'CV004'
                  or integrity_constraint_violation then
        get stacked diagnostics v_by = constraint_name, v_text = message_text;
        v_id := null; v_new := false;
      end;
      v_first := v_last + 1;
      return query select v_place, v_id, v_new, v_by, v_text;
    end loop;
    return;
  end if;

  perform escrow_check_lines(p_places, p_currencies, p_amounts, 1, postings);
  with fresh as (
    insert into escrow_ledgertransaction (kind, idempotency_key, cause, posted_at)
      select g.kind, g.key, g.cause, clock_timestamp()
        from unnest(p_kinds, p_keys, p_causes) with ordinality as g(kind, key, cause, number) order by g.number
      on conflict (idempotency_key) do nothing returning id, idempotency_key
  )
  select array_agg(f.id order by g.number) into made
    from unnest(p_keys) with ordinality as g(key, number) left join fresh f on f.idempotency_key = g.key;
  for v_place in 1..postings loop
    if made[v_place] is null then
      select array_agg(g.code), array_agg(g.currency), array_agg(g.amount) into v_codes, v_currencies, v_amounts
        from unnest(p_places, p_codes, p_currencies, p_amounts) as g(at, code, currency, amount) where g.at = v_place;
      earlier[v_place] := escrow_posted_before(
        p_kinds[v_place], p_keys[v_place], p_causes[v_place], v_codes, v_currencies, v_amounts);
    end if;
  end loop;
  insert into escrow_ledgerentry (transaction_id, account_id, currency, amount)
    select made[g.at], a.id, g.currency, g.amount
      from unnest(p_places, p_codes, p_currencies, p_amounts) with ordinality as g(at, code, currency, amount, number)
      join escrow_ledgeraccount a on a.code = g.code and a.currency = g.currency
     where made[g.at] is not null
     order by g.number;
  return query select n, coalesce(made[n], earlier[n]), made[n] is not null, null::text, null::text
    from generate_series(1, postings) as n;
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("escrow", "0014_horizon_by_locks"),
    ]

    operations = [
        # The older code calls the same functions.
        migrations.RunSQL(POST + POST_MANY, migrations.RunSQL.noop),
    ]
