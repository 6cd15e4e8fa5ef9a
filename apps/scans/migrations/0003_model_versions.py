import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import apps.core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0002_search"),
        ("scans", "0002_refused_photos"),
    ]

    operations = [
        migrations.CreateModel(
            name="ModelVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("detect", "Find the cards"),
                            ("embed", "Find look-alikes"),
                            ("read", "Read the print"),
                            ("verify", "Compare closely"),
                            ("fuse", "Weigh the evidence"),
                            ("grade", "Estimate the grade"),
                        ],
                        max_length=10,
                    ),
                ),
                ("version", models.CharField(help_text="as scans note it", max_length=60)),
                (
                    "digest",
                    models.CharField(blank=True, help_text="SHA-256 of the weights; empty: it has none", max_length=64),
                ),
                ("figures", models.JSONField(default=dict, help_text="accuracy as measured when it was made")),
                ("record", models.JSONField(default=dict, help_text="what else was written down with its weights")),
                (
                    "is_available",
                    models.BooleanField(default=True, help_text="whether the installed program can run it"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("registered", "Not in use"),
                            ("candidate", "On trial"),
                            ("active", "In service"),
                            ("retired", "Retired"),
                        ],
                        default="registered",
                        max_length=10,
                    ),
                ),
                (
                    "share",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="percent of scans that it sees while on trial"
                    ),
                ),
                ("trial_began_at", models.DateTimeField(blank=True, null=True)),
                ("activated_at", models.DateTimeField(blank=True, null=True)),
                (
                    "is_indexed",
                    models.BooleanField(
                        default=False,
                        help_text="of an embedder: whether its index is to be there, and was not removed",
                    ),
                ),
                (
                    "replaces",
                    models.ForeignKey(
                        blank=True,
                        help_text="what a rollback brings back",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="scans.modelversion",
                    ),
                ),
            ],
            options={
                "ordering": ["stage", "-created_at"],
                "constraints": [
                    models.UniqueConstraint(fields=("stage", "version"), name="model_version_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "active")), fields=("stage",), name="model_one_active_per_stage"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "candidate")), fields=("stage",), name="model_one_trial_per_stage"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("share", 0), models.Q(("share__lte", 100), ("state", "candidate")), _connector="OR"
                        ),
                        name="model_share_only_on_trial",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="scanphoto",
            name="engine_versions",
            field=models.JSONField(default=dict, help_text="by stage; empty where only the scan's are known"),
        ),
        migrations.AddField(
            model_name="fingerprint",
            name="file",
            field=models.CharField(
                blank=True, help_text="the picture it was made from; empty: not known", max_length=200
            ),
        ),
        migrations.AlterField(
            model_name="fingerprint",
            name="image",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="fingerprints", to="catalog.productimage"
            ),
        ),
        migrations.AddConstraint(
            model_name="fingerprint",
            constraint=models.UniqueConstraint(fields=("image", "engine"), name="fingerprint_once_per_engine"),
        ),
        migrations.AddIndex(
            model_name="fingerprint",
            index=models.Index(fields=["engine", "game"], name="fingerprint_by_engine_and_game"),
        ),
    ]
