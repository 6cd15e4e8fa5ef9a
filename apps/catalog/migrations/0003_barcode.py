"""Barcodes get a table of their own: checked, one product each, several a product. Those that are known move there."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import apps.core.ids
from ml import gtin


def move(apps, schema_editor):
    using = schema_editor.connection.alias
    known = apps.get_model("catalog", "Product").objects.using(using).exclude(barcode="")
    found = {}
    for pk, text in known.order_by("pk").values_list("pk", "barcode").iterator():
        code = gtin.normal(text)
        if code:
            found.setdefault(code, pk)
    barcode = apps.get_model("catalog", "Barcode")
    rows = [barcode(product_id=pk, value=value) for value, pk in found.items()]
    barcode.objects.using(using).bulk_create(rows, batch_size=2000)


def move_back(apps, schema_editor):
    using = schema_editor.connection.alias
    product = apps.get_model("catalog", "Product").objects.using(using)
    for pk, value in apps.get_model("catalog", "Barcode").objects.using(using).values_list("product_id", "value"):
        product.filter(pk=pk, barcode="").update(barcode=gtin.printed(value))


class Migration(migrations.Migration):
    dependencies = [("catalog", "0002_search")]

    operations = [
        migrations.CreateModel(
            name="Barcode",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "value",
                    models.CharField(
                        error_messages={"unique": "This barcode belongs to another product already."},
                        max_length=13,
                        unique=True,
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="barcodes", to="catalog.product"
                    ),
                ),
            ],
            options={
                "ordering": ["value"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("value__regex", "^[0-9]{13}$")), name="barcode_is_thirteen_digits"
                    )
                ],
            },
        ),
        migrations.RunPython(move, move_back),
    ]
