# Addresses of agreements lie encrypted, all but the country.

from django.db import migrations

import apps.core.encryption
from apps.core.migrating import sealing


class Migration(migrations.Migration):
    dependencies = [
        ("trades", "0005_reviews_of_swaps"),
    ]

    atomic = False

    operations = [
        sealing("trades", "trade", "ship_to"),
        migrations.AlterField(
            model_name="trade",
            name="ship_to",
            field=apps.core.encryption.SealedAddressField(help_text="the buyer's address as it was when buying"),
        ),
    ]
