"""Posting without a hot row, many postings by one call, and what guards the seals.

An account without a floor has no rule that needs its balance at once, so posting neither locks nor writes it: its row
holds the balance as of the last seal, and the view escrow_ledgerbalance adds what came since. Accounts with a floor
are locked and written as before. SQLSTATEs as in 0002_ledger_guards; CV005: a seal that does not follow.
"""

from django.db import migrations

FORWARD = """
-- The entries' trigger looks for account and currency itself: accounts are never deleted nor renamed, and the foreign
-- key would lock the rows that everybody posts to.
alter table escrow_ledgerentry drop constraint entry_currency_of_account;

create function escrow_sealed_to() returns bigint language sql stable as $$
  select coalesce(max(last_id), 0) from escrow_ledgerseal
$$;

create view escrow_ledgerbalance as
  select a.id, a.code, a.currency, a.floor,
         a.balance + case when a.floor is not null then 0 else coalesce(
           (select sum(e.amount) from escrow_ledgerentry e
             where e.account_id = a.id and e.transaction_id > (select escrow_sealed_to())), 0)::bigint end as balance
    from escrow_ledgeraccount a;

-- An id is drawn by an SQL transaction that has its number already; sealing relies on that (ledger/sealing.py).
create or replace function escrow_stamp_transaction() returns trigger language plpgsql as $$
begin
  new.made_in := pg_current_xact_id();
  new.id := nextval('escrow_ledgertransaction_id_seq');
  return new;
end $$;

create or replace function escrow_apply_entries() returns trigger language plpgsql as $$
declare
  is_foreign boolean;
  is_lost boolean;
begin
  select bool_or(t.made_in is distinct from pg_current_xact_id()), bool_or(a.id is null) into is_foreign, is_lost
    from fresh f
    left join escrow_ledgertransaction t on t.id = f.transaction_id
    left join escrow_ledgeraccount a on a.id = f.account_id and a.currency = f.currency;
  if is_foreign then
    raise exception 'entries belong into the SQL transaction that makes their ledger transaction'
      using errcode = 'CV002', constraint = 'entries_only_with_their_transaction';
  end if;
  if is_lost then
    raise exception 'an entry is on an account and in the currency of that account'
      using errcode = 'CV001', constraint = 'entry_currency_of_account';
  end if;
  update escrow_ledgeraccount a set balance = a.balance + c.total
    from (select f.account_id, sum(f.amount) as total from fresh f group by f.account_id) c
   where a.id = c.account_id and a.floor is not null and c.total <> 0;
  return null;
end $$;

-- The guard looks only where something is wrong, so that the balances' own updates do not call it.
drop trigger escrow_account_guard on escrow_ledgeraccount;
update escrow_ledgeraccount set balance = 0 where floor is null;
create or replace function escrow_guard_account() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    raise exception 'account % opens with a balance; only entries make balances', new.code
      using errcode = 'CV002', constraint = 'account_opens_empty';
  end if;
  if new.id <> old.id or new.code <> old.code or new.currency <> old.currency then
    raise exception 'account % keeps its code and currency', old.code
      using errcode = 'CV002', constraint = 'account_keeps_its_name';
  end if;
  if (new.floor is null) <> (old.floor is null) then
    raise exception 'account % was opened with or without a floor and stays so', old.code
      using errcode = 'CV002', constraint = 'account_keeps_its_floor';
  end if;
  raise exception 'the balance of account % follows from its entries', old.code
    using errcode = 'CV002', constraint = 'account_balance_is_derived';
end $$;
create trigger escrow_account_opens before insert on escrow_ledgeraccount
  for each row when (new.balance <> 0) execute function escrow_guard_account();
-- Depth 0 is a plain UPDATE; the triggers of entries and seals come in at depth 1.
create trigger escrow_account_guard before update on escrow_ledgeraccount
  for each row when (new.id <> old.id or new.code <> old.code or new.currency <> old.currency
    or (new.floor is null) <> (old.floor is null) or (new.balance <> old.balance and pg_trigger_depth() = 0))
  execute function escrow_guard_account();

-- Seals: one after the other, each with the hash of the one before it; a seal carries balances without floor forward.
create function escrow_check_seal() returns trigger language plpgsql as $$
declare
  former record;
begin
  select number, last_id, hash into former from escrow_ledgerseal where number < new.number order by number desc limit 1;
  if new.number <> coalesce(former.number, 0) + 1 or new.last_id <= coalesce(former.last_id, 0)
     or new.previous <> coalesce(former.hash, decode(repeat('00', 32), 'hex'))
     or octet_length(new.hash) <> 32 or octet_length(new.hashes) <> 32 * cardinality(new.ids) then
    raise exception 'seal % does not follow the seal before it', new.number
      using errcode = 'CV005', constraint = 'seals_are_one_chain';
  end if;
  update escrow_ledgeraccount a set balance = a.balance + c.total
    from (select e.account_id, sum(e.amount) as total
            from escrow_ledgerentry e join escrow_ledgeraccount f on f.id = e.account_id and f.floor is null
           where e.transaction_id > coalesce(former.last_id, -9223372036854775808) and e.transaction_id <= new.last_id
           group by e.account_id) c
   where a.id = c.account_id and c.total <> 0;
  return null;
end $$;
create trigger escrow_seal_follows after insert on escrow_ledgerseal
  for each row execute function escrow_check_seal();
create trigger escrow_seals_append_only before update or delete on escrow_ledgerseal
  for each statement execute function escrow_refuse_rewriting();
create trigger escrow_seals_no_truncate before truncate on escrow_ledgerseal
  for each statement execute function escrow_refuse_rewriting();

-- Accounts that do not exist yet, by code, so that two of us cannot wait for each other.
create function escrow_open_accounts(p_codes text[], p_currencies text[], p_floors bigint[]) returns void
language plpgsql as $$
begin
  if exists (select 1 from unnest(p_codes, p_currencies) as g(code, currency) where not exists (
               select 1 from escrow_ledgeraccount a where a.code = g.code and a.currency = g.currency)) then
    insert into escrow_ledgeraccount (code, currency, balance, floor)
      select distinct on (g.code, g.currency) g.code, g.currency, 0, g.floor
        from unnest(p_codes, p_currencies, p_floors) as g(code, currency, floor)
       where not exists (select 1 from escrow_ledgeraccount a where a.code = g.code and a.currency = g.currency)
       order by g.code, g.currency
      on conflict (code, currency) do nothing;
  end if;
end $$;

-- The transaction that has the key already; refused when it says something else.
create function escrow_posted_before(
  p_kind text, p_key text, p_cause text, p_codes text[], p_currencies text[], p_amounts bigint[]
) returns bigint language plpgsql as $$
declare
  earlier record;
  wanted text[];
  present text[];
begin
  select t.id, t.kind, t.cause into strict earlier from escrow_ledgertransaction t where t.idempotency_key = p_key;
  select array_agg(w.line order by w.line) into wanted
    from (select concat_ws(' ', g.code, g.currency, g.amount) as line
            from unnest(p_codes, p_currencies, p_amounts) as g(code, currency, amount)) w;
  select array_agg(w.line order by w.line) into present
    from (select concat_ws(' ', a.code, e.currency, e.amount) as line
            from escrow_ledgerentry e join escrow_ledgeraccount a on a.id = e.account_id
           where e.transaction_id = earlier.id) w;
  if earlier.kind <> p_kind or earlier.cause <> p_cause or wanted is distinct from present then
    raise exception 'the key % was used for another posting', p_key
      using errcode = 'CV004', constraint = 'posting_key_means_one_posting';
  end if;
  return earlier.id;
end $$;

-- The one way to post. Returns the ledger transaction's id; the same key again with the same content returns the same
-- id and posts nothing. Accounts that do not exist yet are opened with the floor given (null: none).
-- Order of locks: the key, then new accounts by code, then all accounts with a floor by id, then the entries.
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
  insert into escrow_ledgertransaction (kind, idempotency_key, cause, posted_at)
    values (p_kind, p_key, p_cause, clock_timestamp())
    on conflict (idempotency_key) do nothing returning id into made;
  if made is null then
    return escrow_posted_before(p_kind, p_key, p_cause, p_codes, p_currencies, p_amounts);
  end if;
  perform escrow_open_accounts(p_codes, p_currencies, p_floors);
  with lines as materialized (
    select * from unnest(p_codes, p_currencies, p_amounts) with ordinality as g(code, currency, amount, place)
  ), locked as materialized (
    select a.id, a.code, a.currency from escrow_ledgeraccount a
     where (a.code, a.currency) in (select l.code, l.currency from lines l) and a.floor is not null
     order by a.id for no key update
  ), accounts as (
    select id, code, currency from locked
    union all
    select a.id, a.code, a.currency from escrow_ledgeraccount a
     where (a.code, a.currency) in (select l.code, l.currency from lines l) and a.floor is null
  )
  insert into escrow_ledgerentry (transaction_id, account_id, currency, amount)
    select made, a.id, l.currency, l.amount from lines l join accounts a using (code, currency) order by l.place;
  return made;
end $$;

-- Many postings by one call, in the order given; p_places says to which posting (from 1, ascending) a line belongs.
-- All or none; or, p_each, every posting behind a savepoint of its own, with the rule that refused it in its row.
create function escrow_post_many(
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

  if p_each then
    perform escrow_open_accounts(p_codes, p_currencies, p_floors);
    perform 1 from escrow_ledgeraccount a
      where (a.code, a.currency) in (select g.code, g.currency from unnest(p_codes, p_currencies) as g(code, currency))
        and a.floor is not null
      order by a.id for no key update;
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
  perform escrow_open_accounts(p_codes, p_currencies, p_floors);
  perform 1 from escrow_ledgeraccount a
    where (a.code, a.currency) in (select g.code, g.currency from unnest(p_codes, p_currencies) as g(code, currency))
      and a.floor is not null
    order by a.id for no key update;
  insert into escrow_ledgerentry (transaction_id, account_id, currency, amount)
    select made[g.at], a.id, g.currency, g.amount
      from unnest(p_places, p_codes, p_currencies, p_amounts) with ordinality as g(at, code, currency, amount, number)
      join escrow_ledgeraccount a on a.code = g.code and a.currency = g.currency
     where made[g.at] is not null
     order by g.number;
  return query select n, coalesce(made[n], earlier[n]), made[n] is not null, null::text, null::text
    from generate_series(1, postings) as n;
end $$;

-- What the deferred trigger checks at commit, before anything is written: for callers that must know at once.
create function escrow_check_lines(
  p_places int[], p_currencies text[], p_amounts bigint[], p_from int, p_to int
) returns void language plpgsql as $$
declare
  bad int;
begin
  select n into bad from generate_series(p_from, p_to) as n
    left join unnest(p_places) as g(at) on g.at = n group by n having count(g.at) < 2 limit 1;
  if found then
    raise exception 'posting % of the call has fewer than two entries', bad
      using errcode = 'CV001', constraint = 'ledger_transaction_has_two_entries';
  end if;
  select g.at into bad from unnest(p_places, p_currencies, p_amounts) as g(at, currency, amount)
   group by g.at, g.currency having sum(g.amount) <> 0 limit 1;
  if found then
    raise exception 'posting % of the call does not sum to zero in every currency', bad
      using errcode = 'CV001', constraint = 'ledger_transaction_sums_to_zero';
  end if;
end $$;
"""

BACKWARD = """
drop function escrow_post_many(text[], text[], text[], int[], text[], text[], bigint[], bigint[], boolean);
drop function escrow_check_lines(int[], text[], bigint[], int, int);
create or replace function escrow_post(
  p_kind text, p_key text, p_cause text, p_codes text[], p_currencies text[], p_amounts bigint[], p_floors bigint[]
) returns bigint language plpgsql as $$
declare
  made bigint;
  earlier record;
  wanted text[];
  present text[];
begin
  if cardinality(p_codes) is distinct from cardinality(p_currencies)
     or cardinality(p_codes) is distinct from cardinality(p_amounts)
     or cardinality(p_codes) is distinct from cardinality(p_floors) then
    raise exception 'codes, currencies, amounts and floors differ in length'
      using errcode = 'CV001', constraint = 'posting_is_complete';
  end if;
  insert into escrow_ledgertransaction (kind, idempotency_key, cause, posted_at)
    values (p_kind, p_key, p_cause, clock_timestamp())
    on conflict (idempotency_key) do nothing returning id into made;
  if made is null then
    select t.id, t.kind, t.cause into strict earlier from escrow_ledgertransaction t where t.idempotency_key = p_key;
    select array_agg(w.line order by w.line) into wanted
      from (select concat_ws(' ', g.code, g.currency, g.amount) as line
              from unnest(p_codes, p_currencies, p_amounts) as g(code, currency, amount)) w;
    select array_agg(w.line order by w.line) into present
      from (select concat_ws(' ', a.code, e.currency, e.amount) as line
              from escrow_ledgerentry e join escrow_ledgeraccount a on a.id = e.account_id
             where e.transaction_id = earlier.id) w;
    if earlier.kind <> p_kind or earlier.cause <> p_cause or wanted is distinct from present then
      raise exception 'the key % was used for another posting', p_key
        using errcode = 'CV004', constraint = 'posting_key_means_one_posting';
    end if;
    return earlier.id;
  end if;
  insert into escrow_ledgeraccount (code, currency, balance, floor)
    select distinct on (g.code, g.currency) g.code, g.currency, 0, g.floor
      from unnest(p_codes, p_currencies, p_floors) as g(code, currency, floor)
     where not exists (select 1 from escrow_ledgeraccount a where a.code = g.code and a.currency = g.currency)
     order by g.code, g.currency
    on conflict (code, currency) do nothing;
  perform 1 from escrow_ledgeraccount a
    where (a.code, a.currency) in (select g.code, g.currency from unnest(p_codes, p_currencies) as g(code, currency))
    order by a.id for no key update;
  insert into escrow_ledgerentry (transaction_id, account_id, currency, amount)
    select made, a.id, g.currency, g.amount
      from unnest(p_codes, p_currencies, p_amounts) with ordinality as g(code, currency, amount, place)
      join escrow_ledgeraccount a on a.code = g.code and a.currency = g.currency
     order by g.place;
  return made;
end $$;
drop function escrow_posted_before(text, text, text, text[], text[], bigint[]);
drop function escrow_open_accounts(text[], text[], bigint[]);
drop trigger escrow_seals_no_truncate on escrow_ledgerseal;
drop trigger escrow_seals_append_only on escrow_ledgerseal;
drop trigger escrow_seal_follows on escrow_ledgerseal;
drop function escrow_check_seal();
drop trigger escrow_account_guard on escrow_ledgeraccount;
drop trigger escrow_account_opens on escrow_ledgeraccount;
create or replace function escrow_guard_account() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    if new.balance <> 0 then
      raise exception 'account % opens with a balance; only entries make balances', new.code
        using errcode = 'CV002', constraint = 'account_opens_empty';
    end if;
    return new;
  end if;
  if new.id <> old.id or new.code <> old.code or new.currency <> old.currency then
    raise exception 'account % keeps its code and currency', old.code
      using errcode = 'CV002', constraint = 'account_keeps_its_name';
  end if;
  -- Depth 1 is a plain UPDATE; the trigger of the entries comes in at depth 2.
  if new.balance <> old.balance and pg_trigger_depth() < 2 then
    raise exception 'the balance of account % follows from its entries', old.code
      using errcode = 'CV002', constraint = 'account_balance_is_derived';
  end if;
  return new;
end $$;
update escrow_ledgeraccount a
   set balance = coalesce((select sum(e.amount) from escrow_ledgerentry e where e.account_id = a.id), 0)
 where a.floor is null;
create trigger escrow_account_guard before insert or update on escrow_ledgeraccount
  for each row execute function escrow_guard_account();
create or replace function escrow_apply_entries() returns trigger language plpgsql as $$
begin
  if exists (select 1 from fresh f left join escrow_ledgertransaction t on t.id = f.transaction_id
              where t.made_in is distinct from pg_current_xact_id()) then
    raise exception 'entries belong into the SQL transaction that makes their ledger transaction'
      using errcode = 'CV002', constraint = 'entries_only_with_their_transaction';
  end if;
  update escrow_ledgeraccount a set balance = a.balance + c.total
    from (select f.account_id, sum(f.amount) as total from fresh f group by f.account_id) c
   where a.id = c.account_id and c.total <> 0;
  return null;
end $$;
create or replace function escrow_stamp_transaction() returns trigger language plpgsql as $$
begin
  new.made_in := pg_current_xact_id();
  return new;
end $$;
drop view escrow_ledgerbalance;
drop function escrow_sealed_to();
alter table escrow_ledgerentry add constraint entry_currency_of_account
  foreign key (account_id, currency) references escrow_ledgeraccount (id, currency);
"""


class Migration(migrations.Migration):
    dependencies = [("escrow", "0004_ledger_seals")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
