"""Shipping prices become rows by destination, weight, value and tracking; what profiles said becomes two rows each."""

import django.db.models.deletion
from django.db import migrations, models

FUNCTIONS = r"""
create function listings_grams(category text, copies bigint) returns bigint language sql immutable parallel safe as $$
    select 20 + copies * case when category like 'trading-cards/%' or category = 'trading-cards' then 6 else 500 end
$$;
comment on function listings_grams is 'What a parcel weighs: 20 g of packing, 6 g for a card in its sleeves, 500 g for other things.';

create function listings_shipping_minor(profile uuid, home varchar, destinations varchar[], grams bigint, value_minor bigint)
returns bigint language sql stable parallel safe as $$
    select r.price_minor from listings_shippingrate r
    where r.profile_id = profile
      and (r.destination = any(destinations) or r.destination = 'HOME' and home = destinations[1])
      and (r.up_to_grams is null or r.up_to_grams >= grams) and (r.up_to_minor is null or r.up_to_minor >= value_minor)
    order by case r.destination when 'HOME' then 0 else array_position(destinations, r.destination) end, r.price_minor
    limit 1
$$;
comment on function listings_shipping_minor is 'What a parcel to the first of the destinations (nearest first) costs; null: not sent there.';
"""
UNDO = "drop function listings_shipping_minor; drop function listings_grams;"

MOVE = """
insert into listings_shippingrate (profile_id, destination, is_tracked, price_minor)
select id, 'HOME', is_tracked, least(domestic_minor, 50000) from listings_shippingprofile
union all
select id, 'WORLD', is_tracked, least(abroad_minor, 50000) from listings_shippingprofile where abroad_minor is not null;
set constraints all immediate
"""
MOVE_BACK = """
update listings_shippingprofile p set
    domestic_minor = coalesce((select min(price_minor) from listings_shippingrate r
                               where r.profile_id = p.id and r.destination = 'HOME'), 150),
    abroad_minor = (select min(price_minor) from listings_shippingrate r
                    where r.profile_id = p.id and r.destination = 'WORLD')
"""


class Migration(migrations.Migration):
    dependencies = [("listings", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="ShippingRate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "destination",
                    models.CharField(
                        help_text="HOME, a country's code, or a region: see destinations.py", max_length=8
                    ),
                ),
                (
                    "up_to_grams",
                    models.PositiveIntegerField(blank=True, help_text="empty: any weight", null=True),
                ),
                (
                    "up_to_minor",
                    models.PositiveBigIntegerField(blank=True, help_text="of the goods; empty: any value", null=True),
                ),
                ("is_tracked", models.BooleanField(default=True)),
                ("price_minor", models.PositiveBigIntegerField()),
                (
                    "days",
                    models.PositiveSmallIntegerField(
                        blank=True, help_text="usual, from the parcel's leaving", null=True
                    ),
                ),
                (
                    "profile",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rates",
                        to="listings.shippingprofile",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("profile", "destination", "up_to_grams", "up_to_minor", "is_tracked"),
                        name="shipping_rate_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("price_minor__lte", 50000)),
                        name="shipping_rate_within_bounds",
                        violation_error_message="A parcel costs at most 500.00.",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FUNCTIONS, UNDO),
        migrations.RunSQL(MOVE, MOVE_BACK),
        migrations.RemoveField(model_name="shippingprofile", name="domestic_minor"),
        migrations.RemoveField(model_name="shippingprofile", name="abroad_minor"),
        migrations.AlterField(
            model_name="shippingprofile",
            name="is_tracked",
            field=models.BooleanField(default=True, help_text="every rate is; kept by the action that sets the rates"),
        ),
    ]
