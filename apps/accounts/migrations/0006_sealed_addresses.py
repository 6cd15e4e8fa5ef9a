"""Addresses lie encrypted: the columns become text (no rewriting), then their rows are sealed a thousand at a time."""

from collections.abc import Callable

from django.db import migrations, models

from apps.core import encryption

FIELDS = {
    "name": {"max_length": 100},
    "line1": {"max_length": 120, "verbose_name": "street"},
    "line2": {"max_length": 120, "verbose_name": "second line", "blank": True},
    "city": {"max_length": 80},
    "region": {"max_length": 80, "verbose_name": "state or region", "blank": True},
    "postal_code": {"max_length": 20},
}
BATCH = 1000


def rewritten(by: Callable[[str], str]) -> Callable[..., None]:
    def run(apps, schema_editor):
        model = apps.get_model("accounts", "Address")
        last = None
        while True:
            rows = model.objects.order_by("pk")
            batch = list((rows.filter(pk__gt=last) if last else rows)[:BATCH])
            if not batch:
                return
            for row in batch:
                for name in FIELDS:
                    setattr(row, name, by(getattr(row, name)))
            model.objects.bulk_update(batch, list(FIELDS))
            last = batch[-1].pk

    return run


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_restriction")]

    operations = [
        *(
            migrations.AlterField(
                "address", name, models.TextField(**{k: v for k, v in given.items() if k != "max_length"})
            )
            for name, given in FIELDS.items()
        ),
        migrations.RunPython(rewritten(encryption.seal), rewritten(encryption.unseal)),
        *(
            migrations.AlterField("address", name, encryption.SealedTextField(**given))
            for name, given in FIELDS.items()
        ),
    ]
