# Addresses of agreements lie encrypted, all but the country.

from django.db import migrations

import apps.core.encryption
from apps.core.migrating import sealing


class Migration(migrations.Migration):
    dependencies = [
        ("checkout", "0001_initial"),
    ]

    atomic = False

    operations = [
        sealing("checkout", "order", "ship_to"),
        migrations.AlterField(
            model_name="order",
            name="ship_to",
            field=apps.core.encryption.SealedAddressField(help_text="the buyer's address as it was when ordering"),
        ),
    ]
