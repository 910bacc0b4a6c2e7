from django.db import migrations

LET_GO = """
UPDATE anomalies SET ended_at = greatest(peak_at, started_at)
WHERE channel = 'stuck' AND ended_at IS NULL
"""
FORGET = """
UPDATE detector_states SET open_event = NULL WHERE open_event #>> '{event,channel}' = 'stuck'
"""


class Migration(migrations.Migration):
    """A sensor that is stuck says nothing of its machine: telemetry finds it as a flat line."""

    dependencies = [("anomalies", "0002_walls_and_audit")]

    operations = [
        migrations.RunSQL([LET_GO, FORGET], reverse_sql=migrations.RunSQL.noop),
    ]
