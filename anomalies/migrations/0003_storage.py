"""How states and scores lie on disk."""

from django.db import migrations

from opssight.core.timescale.operations import SqlByServer

COMPRESS = """
ALTER TABLE anomaly_scores SET (timescaledb.compress, timescaledb.compress_segmentby = 'sensor_id',
    timescaledb.compress_orderby = 'time DESC');
SELECT add_compression_policy('anomaly_scores', interval '14 days');
"""
DECOMPRESS = """
SELECT remove_compression_policy('anomaly_scores', if_exists => true);
SELECT decompress_chunk(c, true) FROM show_chunks('anomaly_scores') c;
ALTER TABLE anomaly_scores SET (timescaledb.compress = false);
"""


class Migration(migrations.Migration):
    dependencies = [("anomalies", "0002_walls_and_audit")]

    operations = [
        # Numbers that hardly compress: tried for each write, it costs time and saves little.
        migrations.RunSQL(
            "ALTER TABLE detector_states ALTER COLUMN state SET STORAGE EXTERNAL",
            "ALTER TABLE detector_states ALTER COLUMN state SET STORAGE EXTENDED",
        ),
        SqlByServer(plain="", undo_plain="", timescale=COMPRESS, undo_timescale=DECOMPRESS),
    ]
