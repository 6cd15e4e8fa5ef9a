"""One posting by small statements in place of a large one, and no foreign key where the entries' trigger looks anyway.

The trigger `escrow_entries_apply` finds each entry's ledger transaction and refuses it unless the same SQL transaction
made it; transactions are never deleted. The key looked once more and locked, for each entry. The order of locks stays
that of 0015: new accounts by code, accounts with a floor by id, then the key.
"""

import django.db.models.deletion
from django.db import migrations, models

POST = """
create or replace function escrow_post(
  p_kind text, p_key text, p_cause text, p_codes text[], p_currencies text[], p_amounts bigint[], p_floors bigint[]
) returns bigint language plpgsql as $$
declare
  accounts bigint[];
  made bigint;
  some_new boolean;
  some_floor boolean;
begin
  if cardinality(p_codes) is distinct from cardinality(p_currencies)
     or cardinality(p_codes) is distinct from cardinality(p_amounts)
     or cardinality(p_codes) is distinct from cardinality(p_floors) then
    raise exception 'codes, currencies, amounts and floors differ in length'
      using errcode = 'CV001', constraint = 'posting_is_complete';
  end if;
  for attempt in 1..2 loop
    select array_agg(a.id order by g.place), bool_or(a.id is null), bool_or(a.floor is not null)
      into accounts, some_new, some_floor
      from unnest(p_codes, p_currencies) with ordinality as g(code, currency, place)
      left join escrow_ledgeraccount a on a.code = g.code and a.currency = g.currency;
    exit when not some_new;
    perform escrow_open_accounts(p_codes, p_currencies, p_floors);
  end loop;
  if some_floor then
    perform 1 from escrow_ledgeraccount a
      where a.id = any(accounts) and a.floor is not null order by a.id for no key update;
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


class Migration(migrations.Migration):
    dependencies = [
        ("escrow", "0016_ledger_checks"),
    ]

    operations = [
        migrations.AlterField(
            model_name="ledgerentry",
            name="transaction",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="escrow.ledgertransaction",
            ),
        ),
        # The older code calls the same function.
        migrations.RunSQL(POST, migrations.RunSQL.noop),
    ]
