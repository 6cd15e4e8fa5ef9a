from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0005_turns_in_the_queue"),
    ]

    operations = [
        migrations.AddField(
            model_name="scan",
            name="request_key",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="photos that are sent twice make one scan",
                max_length=80,
            ),
        ),
    ]
