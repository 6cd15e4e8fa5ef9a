"""Rates of currencies by day, and `valuations_rate`, by which statements convert."""

from django.db import migrations, models

RATE = """
create function valuations_per_euro(wanted text, asked date) returns numeric language sql stable parallel safe as $$
    select case when wanted = 'EUR' then 1 else (
        select per_euro from valuations_exchangerate
        where currency = wanted and day <= asked and day > asked - 7 order by day desc limit 1) end
$$;
create function valuations_rate(source text, target text, asked date) returns numeric language sql stable parallel safe as $$
    select case when source = target then 1
        else valuations_per_euro(target, asked) / valuations_per_euro(source, asked) end
$$;
comment on function valuations_rate is 'What one of source is in target on a day, or up to seven days before; null where unknown.';
"""


class Migration(migrations.Migration):
    dependencies = [("valuations", "0004_rollups")]

    operations = [
        migrations.CreateModel(
            name="ExchangeRate",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "currency", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("day", models.DateField()),
                (
                    "per_euro",
                    models.DecimalField(decimal_places=8, help_text="how much of it a euro is", max_digits=18),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("per_euro__gt", 0)), name="exchange_rate_positive")
                ],
            },
        ),
        migrations.RunSQL(RATE, "drop function valuations_rate, valuations_per_euro"),
    ]
