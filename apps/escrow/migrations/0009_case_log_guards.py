"""The log of a case is append only, as the ledger is; cases that waited for a moderator under the former name still do."""

from django.db import migrations

FORWARD = """
create trigger escrow_case_log_append_only before update or delete on escrow_caseentry
  for each statement execute function escrow_refuse_rewriting();
create trigger escrow_case_log_no_truncate before truncate on escrow_caseentry
  for each statement execute function escrow_refuse_rewriting();
update escrow_dispute set state = 'escalated' where state = 'answered';
"""

BACKWARD = """
update escrow_dispute set state = 'answered' where state in ('escalated', 'ruled', 'appealed', 'returning');
drop trigger escrow_case_log_no_truncate on escrow_caseentry;
drop trigger escrow_case_log_append_only on escrow_caseentry;
"""


class Migration(migrations.Migration):
    dependencies = [("escrow", "0008_cases")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
