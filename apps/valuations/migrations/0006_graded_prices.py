"""Prices are of a condition or of a grade ("PSA 9.5"). The columns only grow, so that nothing is rewritten; old rows are
checked without keeping anybody from them.
"""

from django.db import migrations, models

WIDEN = """
alter table valuations_quote drop constraint quote_condition_known;
alter table valuations_quote alter column condition type varchar(12);
alter table valuations_quote add constraint quote_condition_known check (condition in ('NM', 'LP', 'MP', 'HP', 'DMG')
    or condition ~ '^(PSA|BGS|CGC|SGC|TAG|Grade) (10|[1-9](\\.5)?)$') not valid;
"""
NARROW = """
delete from valuations_quote where length(condition) > 3;
delete from valuations_dailyprice where length(condition) > 3;
delete from valuations_marketprice where length(condition) > 3;
delete from valuations_currentprice where length(condition) > 3;
alter table valuations_quote drop constraint quote_condition_known;
alter table valuations_quote alter column condition type varchar(3);
alter table valuations_quote add constraint quote_condition_known check (condition in ('NM', 'LP', 'MP', 'HP', 'DMG'));
"""

STATE = "or a grade: PSA 9.5; Grade 9 where no grader is told"


def _wider(model: str, **default: str) -> migrations.AlterField:
    field = models.CharField(max_length=12, help_text=STATE, **default)
    return migrations.AlterField(model_name=model, name="condition", field=field)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("valuations", "0005_exchangerate")]

    operations = [
        _wider("dailyprice"),
        _wider("marketprice"),
        _wider("currentprice", default="NM"),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(WIDEN, NARROW),
                migrations.RunSQL(
                    "alter table valuations_quote validate constraint quote_condition_known", migrations.RunSQL.noop
                ),
            ],
            state_operations=[_wider("quote", default="NM")],
        ),
    ]
