from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the index is made beside those who write

    dependencies = [
        ("swaps", "0004_rings"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="swap",
            index=models.Index(
                fields=["third", "-created_at"],
                condition=models.Q(("third__isnull", False)),
                name="swap_by_third",
            ),
        ),
    ]
