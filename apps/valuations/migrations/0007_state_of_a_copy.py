"""One word for the state of a copy, as prices name it: "NM", "PSA 9.5", or "Grade 9" where the grader is not told."""

from django.db import migrations

CREATE = """
create function valuations_state(condition text, company text, grade numeric) returns text
    language sql immutable parallel safe as $$
    select case when grade is null then condition
                else coalesce(nullif(company, ''), 'Grade') || ' ' || trim_scale(grade)::text end
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("valuations", "0006_graded_prices")]

    operations = [migrations.RunSQL(CREATE, "drop function valuations_state")]
