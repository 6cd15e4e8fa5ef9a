"""One posting without planning anything anew, and with less to set up for each statement.

PostgreSQL finds a plan made for the very arrays it is given cheaper than one for any, and so planned each statement of a
posting again, which was half of its time: `plan_cache_mode` says not to. A plan that is kept must also suit the table as
it grows: all is found by a key, so no table is ever read whole (`enable_seqscan`). Accounts are looked up one by one, which needs no
plan of a join. The trigger on entries looks and applies in one statement: whatever it then refuses is undone with the rest.
The guard of accounts is asked for balances by a short condition, for names and floors by the columns that are set.

The order of locks stays that of 0015: new accounts by code, accounts with a floor by id, then the key. The index for
`like` on keys, which nobody uses, goes.
"""

from django.db import migrations

POST = """
create or replace function escrow_post(
  p_kind text, p_key text, p_cause text, p_codes text[], p_currencies text[], p_amounts bigint[], p_floors bigint[]
) returns bigint language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  accounts bigint[];
  floored bigint[];
  account bigint;
  has_floor boolean;
  some_new boolean;
  made bigint;
begin
  if cardinality(p_codes) is distinct from cardinality(p_currencies)
     or cardinality(p_codes) is distinct from cardinality(p_amounts)
     or cardinality(p_codes) is distinct from cardinality(p_floors) then
    raise exception 'codes, currencies, amounts and floors differ in length'
      using errcode = 'CV001', constraint = 'posting_is_complete';
  end if;
  for attempt in 1..2 loop
    accounts := null;
    floored := null;
    some_new := false;
    for place in 1..cardinality(p_codes) loop
      select a.id, a.floor is not null into account, has_floor
        from escrow_ledgeraccount a where a.code = p_codes[place] and a.currency = p_currencies[place];
      accounts[place] := account;
      if account is null then
        some_new := true;
      elsif has_floor then
        floored := floored || account;
      end if;
    end loop;
    exit when not some_new;
    perform escrow_open_accounts(p_codes, p_currencies, p_floors);
  end loop;
  if floored is not null then
    perform 1 from escrow_ledgeraccount a where a.id = any(floored) order by a.id for no key update;
  end if;
  insert into escrow_ledgertransaction (kind, idempotency_key, cause, posted_at)
    values (p_kind, p_key, p_cause, clock_timestamp())
    on conflict (idempotency_key) do nothing returning id into made;
  if made is null then
    return escrow_posted_before(p_kind, p_key, p_cause, p_codes, p_currencies, p_amounts);
  end if;
  insert into escrow_ledgerentry (transaction_id, account_id, currency, amount)
    select made, g.account, g.currency, g.amount
      from unnest(accounts, p_currencies, p_amounts) as g(account, currency, amount);
  return made;
end $$;
"""

APPLY = """
create or replace function escrow_apply_entries() returns trigger language plpgsql as $$
declare
  is_foreign boolean;
  is_lost boolean;
begin
  with c as materialized (
    select f.account_id, sum(f.amount) as total,
           bool_or(t.made_in is distinct from pg_current_xact_id()) as is_foreign, bool_or(a.id is null) as is_lost
      from fresh f
      left join escrow_ledgertransaction t on t.id = f.transaction_id
      left join escrow_ledgeraccount a on a.id = f.account_id and a.currency = f.currency
     group by f.account_id
  ), applied as (
    update escrow_ledgeraccount a set balance = a.balance + c.total
      from c where a.id = c.account_id and a.floor is not null and c.total <> 0
  )
  select bool_or(c.is_foreign), bool_or(c.is_lost) into is_foreign, is_lost from c;
  if is_foreign then
    raise exception 'entries belong into the SQL transaction that makes their ledger transaction'
      using errcode = 'CV002', constraint = 'entries_only_with_their_transaction';
  end if;
  if is_lost then
    raise exception 'an entry is on an account and in the currency of that account'
      using errcode = 'CV001', constraint = 'entry_currency_of_account';
  end if;
  return null;
end $$;
"""

GUARD = """
drop trigger escrow_account_guard on escrow_ledgeraccount;
create trigger escrow_account_guard before update of id, code, currency, floor on escrow_ledgeraccount
  for each row when (
    new.id <> old.id or new.code <> old.code or new.currency <> old.currency
    or (new.floor is null) <> (old.floor is null)
  ) execute function escrow_guard_account();
create trigger escrow_balance_guard before update of balance on escrow_ledgeraccount
  for each row when (pg_trigger_depth() = 0) execute function escrow_guard_account();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("escrow", "0017_short_posting"),
    ]

    operations = [
        # The older code calls the same functions.
        migrations.RunSQL(POST, migrations.RunSQL.noop),
        migrations.RunSQL(
            "alter function escrow_post_many(text[], text[], text[], int[], text[], text[], bigint[], bigint[], boolean)"
            " set enable_seqscan = off",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(APPLY, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD, migrations.RunSQL.noop),
        migrations.RunSQL("drop index escrow_ledgertransaction_idempotency_key_addf61c2_like", migrations.RunSQL.noop),
    ]
