"""Repricings with their old and new prices; a listing can wait for a seller who is on vacation."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import apps.core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0004_imports"),
        ("listings", "0004_offerterms_offer"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RepricedListing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("old_minor", models.PositiveBigIntegerField()),
                ("new_minor", models.PositiveBigIntegerField()),
                ("is_applied", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="Repricing",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("rule", models.JSONField(help_text="fields of pricing.PriceRule")),
                ("applied_at", models.DateTimeField(null=True)),
                ("undone_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="listing",
            name="listing_one_open_per_item",
        ),
        migrations.AlterField(
            model_name="listing",
            name="state",
            field=models.CharField(
                choices=[
                    ("active", "For sale"),
                    ("paused", "Paused"),
                    ("away", "On vacation"),
                    ("sold-out", "Sold out"),
                    ("withdrawn", "Withdrawn"),
                ],
                default="active",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="listing",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["active", "paused", "away"])),
                fields=("item",),
                name="listing_one_open_per_item",
            ),
        ),
        migrations.AddField(
            model_name="repricedlisting",
            name="listing",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="listings.listing"
            ),
        ),
        migrations.AddField(
            model_name="repricing",
            name="seller",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="repricings", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="repricedlisting",
            name="repricing",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="listings.repricing"
            ),
        ),
        migrations.AddIndex(
            model_name="repricing",
            index=models.Index(fields=["seller", "-created_at"], name="repricing_by_seller"),
        ),
        migrations.AddConstraint(
            model_name="repricing",
            constraint=models.CheckConstraint(
                condition=models.Q(("undone_at__isnull", True), ("applied_at__isnull", False), _connector="OR"),
                name="repricing_undone_was_applied",
            ),
        ),
        migrations.AddConstraint(
            model_name="repricedlisting",
            constraint=models.UniqueConstraint(fields=("repricing", "listing"), name="repriced_once_in_a_repricing"),
        ),
        migrations.AddConstraint(
            model_name="repricedlisting",
            constraint=models.CheckConstraint(condition=models.Q(("new_minor__gt", 0)), name="repriced_above_zero"),
        ),
    ]
