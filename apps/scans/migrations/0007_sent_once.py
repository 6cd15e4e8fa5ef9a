from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # an index is built beside its table's use outside of transactions alone

    dependencies = [
        ("scans", "0006_request_key"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddConstraint(
                    model_name="scan",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("request_key", ""), _negated=True),
                        fields=("owner", "request_key"),
                        name="scan_once_per_request",
                    ),
                ),
            ],
            database_operations=[
                # No row has a key yet, so that none can be in the way.
                migrations.RunSQL(
                    "create unique index concurrently scan_once_per_request"
                    " on scans_scan (owner_id, request_key) where not request_key = ''",
                    "drop index concurrently if exists scan_once_per_request",
                ),
            ],
        ),
    ]
