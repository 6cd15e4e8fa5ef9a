"""What the database itself promises about the ledger, and the one function that posts to it.

Refusals carry SQLSTATE CV001 (a posting that makes no sense), CV002 (an attempt to rewrite history), CV003 (a hold
that would not match its account) or CV004 (one idempotency key for two different postings).
"""

from django.db import migrations

FORWARD = """
-- Entries are in their account's currency.
alter table escrow_ledgerentry add constraint entry_currency_of_account
  foreign key (account_id, currency) references escrow_ledgeraccount (id, currency);

-- Which SQL transaction made a ledger transaction: entries can be added by no other one.
alter table escrow_ledgertransaction add column made_in xid8 not null default pg_current_xact_id();

create function escrow_stamp_transaction() returns trigger language plpgsql as $$
begin
  new.made_in := pg_current_xact_id();
  return new;
end $$;
create trigger escrow_transaction_stamp before insert on escrow_ledgertransaction
  for each row execute function escrow_stamp_transaction();

-- On the transaction row rather than on each entry: checked once, at commit.
create function escrow_check_transaction() returns trigger language plpgsql as $$
declare
  entries bigint;
  balanced boolean;
begin
  select coalesce(sum(c.entries), 0), coalesce(bool_and(c.total = 0), false) into entries, balanced
    from (select count(*) as entries, sum(e.amount) as total
            from escrow_ledgerentry e where e.transaction_id = new.id group by e.currency) c;
  if entries < 2 then
    raise exception 'ledger transaction % has % entries; at least two are needed', new.id, entries
      using errcode = 'CV001', constraint = 'ledger_transaction_has_two_entries';
  end if;
  if not balanced then
    raise exception 'ledger transaction % does not sum to zero in every currency', new.id
      using errcode = 'CV001', constraint = 'ledger_transaction_sums_to_zero';
  end if;
  return null;
end $$;
create constraint trigger escrow_transaction_balances after insert on escrow_ledgertransaction
  deferrable initially deferred for each row execute function escrow_check_transaction();

-- Balances follow the entries, one statement at a time. Account rows are locked before (see escrow_post).
create function escrow_apply_entries() returns trigger language plpgsql as $$
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
create trigger escrow_entries_apply after insert on escrow_ledgerentry
  referencing new table as fresh for each statement execute function escrow_apply_entries();

create function escrow_refuse_rewriting() returns trigger language plpgsql as $$
begin
  raise exception '% is append only: % is refused', tg_table_name, tg_op
    using errcode = 'CV002', constraint = 'ledger_is_append_only';
end $$;
create trigger escrow_entries_append_only before update or delete on escrow_ledgerentry
  for each statement execute function escrow_refuse_rewriting();
create trigger escrow_entries_no_truncate before truncate on escrow_ledgerentry
  for each statement execute function escrow_refuse_rewriting();
create trigger escrow_transactions_append_only before update or delete on escrow_ledgertransaction
  for each statement execute function escrow_refuse_rewriting();
create trigger escrow_transactions_no_truncate before truncate on escrow_ledgertransaction
  for each statement execute function escrow_refuse_rewriting();
create trigger escrow_accounts_no_delete before delete on escrow_ledgeraccount
  for each statement execute function escrow_refuse_rewriting();
create trigger escrow_accounts_no_truncate before truncate on escrow_ledgeraccount
  for each statement execute function escrow_refuse_rewriting();

create function escrow_guard_account() returns trigger language plpgsql as $$
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
create trigger escrow_account_guard before insert or update on escrow_ledgeraccount
  for each row execute function escrow_guard_account();

-- A hold and its account agree when a transaction commits: the whole amount while it is held, nothing otherwise.
create function escrow_check_hold(hold_id uuid, state text, amount bigint, hold_currency text) returns void
language plpgsql as $$
declare
  expected bigint := case when state in ('funded', 'shipped', 'delivered', 'disputed') then amount else 0 end;
  found bigint;
begin
  select coalesce(sum(a.balance) filter (where a.currency = hold_currency), 0)
       + coalesce(sum(abs(a.balance)) filter (where a.currency <> hold_currency), 0) into found
    from escrow_ledgeraccount a where a.code = 'hold:' || hold_id;
  if found <> expected then
    raise exception 'hold % is %, so its account must hold %, not %', hold_id, state, expected, found
      using errcode = 'CV003', constraint = 'hold_matches_its_account';
  end if;
end $$;

create function escrow_check_hold_row() returns trigger language plpgsql as $$
declare
  h record;
begin
  select id, state, amount_minor, currency into h from escrow_hold where id = new.id;
  if found then
    perform escrow_check_hold(h.id, h.state, h.amount_minor, h.currency);
  end if;
  return null;
end $$;
create constraint trigger escrow_hold_matches_account after insert or update of state, amount_minor, currency on escrow_hold
  deferrable initially deferred for each row execute function escrow_check_hold_row();

-- FOR SHARE waits for whoever is changing the hold, so that two halves of a mistake cannot slip past each other.
create function escrow_check_hold_account() returns trigger language plpgsql as $$
declare
  h record;
begin
  select id, state, amount_minor, currency into h from escrow_hold
   where id = substr(new.code, 6)::uuid for share;
  if not found then
    raise exception 'account % belongs to no hold', new.code
      using errcode = 'CV003', constraint = 'hold_account_has_a_hold';
  end if;
  perform escrow_check_hold(h.id, h.state, h.amount_minor, h.currency);
  return null;
end $$;
create constraint trigger escrow_account_matches_hold after update of balance on escrow_ledgeraccount
  deferrable initially deferred for each row when (new.code like 'hold:%')
  execute function escrow_check_hold_account();

-- The one way to post. Returns the ledger transaction's id; the same key again with the same content returns the same
-- id and posts nothing. Accounts that do not exist yet are opened with the floor given (null: none).
-- Order of locks: the key, then new accounts by code, then all accounts by id; always before the entries go in, since
-- FOR UPDATE after them would deadlock with the foreign keys' own locks.
create function escrow_post(
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
"""

BACKWARD = """
drop function escrow_post(text, text, text, text[], text[], bigint[], bigint[]);
drop trigger escrow_account_matches_hold on escrow_ledgeraccount;
drop function escrow_check_hold_account();
drop trigger escrow_hold_matches_account on escrow_hold;
drop function escrow_check_hold_row();
drop function escrow_check_hold(uuid, text, bigint, text);
drop trigger escrow_account_guard on escrow_ledgeraccount;
drop function escrow_guard_account();
drop trigger escrow_accounts_no_truncate on escrow_ledgeraccount;
drop trigger escrow_accounts_no_delete on escrow_ledgeraccount;
drop trigger escrow_transactions_no_truncate on escrow_ledgertransaction;
drop trigger escrow_transactions_append_only on escrow_ledgertransaction;
drop trigger escrow_entries_no_truncate on escrow_ledgerentry;
drop trigger escrow_entries_append_only on escrow_ledgerentry;
drop function escrow_refuse_rewriting();
drop trigger escrow_entries_apply on escrow_ledgerentry;
drop function escrow_apply_entries();
drop trigger escrow_transaction_balances on escrow_ledgertransaction;
drop function escrow_check_transaction();
drop trigger escrow_transaction_stamp on escrow_ledgertransaction;
drop function escrow_stamp_transaction();
alter table escrow_ledgertransaction drop column made_in;
alter table escrow_ledgerentry drop constraint entry_currency_of_account;
"""


class Migration(migrations.Migration):
    dependencies = [("escrow", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
