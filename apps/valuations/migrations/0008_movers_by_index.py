"""Near Mint prices with their changes in an index: movers are found in it alone. Made while the table is written to."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("valuations", "0007_state_of_a_copy")]

    operations = [
        AddIndexConcurrently(
            model_name="currentprice",
            index=models.Index(
                condition=models.Q(("condition", "NM")),
                fields=["variant"],
                include=(
                    "market_price",
                    "change_1d",
                    "change_7d",
                    "change_30d",
                    "currency",
                    "confidence",
                    "sample_size",
                    "observed_at",
                ),
                name="current_price_near_mint",
            ),
        )
    ]
