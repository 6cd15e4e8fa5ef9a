# Addresses of agreements lie encrypted, all but the country.

from django.db import migrations

import apps.core.encryption
from apps.core.migrating import sealing


class Migration(migrations.Migration):
    dependencies = [
        ("swaps", "0005_rings_of_third"),
    ]

    atomic = False

    operations = [
        sealing("swaps", "side", "ship_to"),
        migrations.AlterField(
            model_name="side",
            name="ship_to",
            field=apps.core.encryption.SealedAddressField(
                blank=True, default=dict, help_text="where this member's new cards go"
            ),
        ),
    ]
