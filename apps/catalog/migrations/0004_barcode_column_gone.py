"""The column that barcodes stood in before is empty of meaning now; a category's identifiers are named by strategy."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0003_barcode")]

    operations = [
        migrations.RemoveField(model_name="product", name="barcode"),
        migrations.AlterField(
            model_name="category",
            name="identifiers",
            field=models.JSONField(
                blank=True, default=list, help_text="what its products are identified by: vision, text, barcode"
            ),
        ),
    ]
