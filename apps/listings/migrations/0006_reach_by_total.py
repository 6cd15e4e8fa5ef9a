"""The order by delivered total holds the shipping price as well, so that bounds of the price are checked in the index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("listings", "0005_selling")]

    operations = [
        migrations.RemoveIndex(model_name="reach", name="reach_by_delivered"),
        migrations.AddIndex(
            model_name="reach",
            index=models.Index(
                fields=["destination", "delivered_minor", "listing"], include=["shipping_minor"], name="reach_by_total"
            ),
        ),
    ]
