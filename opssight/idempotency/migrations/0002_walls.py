from django.db import migrations

from opssight.core.row_security import OF_USER, WallOff

# Beat forgets for everybody, but sees nobody's rows.
FORGET = """
CREATE FUNCTION opssight_forget_idempotent_requests(older timestamptz) RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (DELETE FROM idempotent_requests WHERE created_at < older RETURNING 1)
    SELECT count(*) FROM gone
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_walls"), ("idempotency", "0001_initial")]

    operations = [
        WallOff("idempotent_requests", visible=OF_USER),
        migrations.RunSQL(
            FORGET, "DROP FUNCTION opssight_forget_idempotent_requests(timestamptz)"
        ),
    ]
