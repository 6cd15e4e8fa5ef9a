import django.db.models.deletion
from django.db import migrations, models

ONCE = models.UniqueConstraint(
    condition=models.Q(("swap__isnull", False)), fields=("swap", "author"), name="review_once_per_swap_and_author"
)


class Migration(migrations.Migration):
    atomic = False  # the index is made beside those who write

    dependencies = [
        ("swaps", "0005_rings_of_third"),
        ("trades", "0004_review_aspects"),
    ]

    operations = [
        migrations.AlterField(
            model_name="review",
            name="trade",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reviews",
                to="trades.trade",
            ),
        ),
        migrations.AddField(
            model_name="review",
            name="swap",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reviews",
                to="swaps.swap",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(("trade__isnull", True), ("swap__isnull", True), _connector="XOR"),
                name="review_of_a_sale_or_a_swap",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "create unique index concurrently review_once_per_swap_and_author"
                    " on trades_review (swap_id, author_id) where swap_id is not null",
                    "drop index concurrently review_once_per_swap_and_author",
                )
            ],
            state_operations=[migrations.AddConstraint(model_name="review", constraint=ONCE)],
        ),
    ]
