# The audit trail is append only, and an event once stated does not change: the database itself refuses.

from django.db import migrations

FORWARD = """
create function core_refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append only: % refused', tg_table_name, lower(tg_op)
    using errcode = 'restrict_violation';
end $$;

create trigger audit_entry_append_only before update or delete on core_auditentry
  for each row execute function core_refuse_change();
create trigger audit_entry_not_truncated before truncate on core_auditentry
  for each statement execute function core_refuse_change();

create trigger outbox_event_stays_as_stated before update on core_outboxevent
  for each row execute function core_refuse_change();
"""

BACKWARD = """
drop trigger outbox_event_stays_as_stated on core_outboxevent;
drop trigger audit_entry_not_truncated on core_auditentry;
drop trigger audit_entry_append_only on core_auditentry;
drop function core_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
