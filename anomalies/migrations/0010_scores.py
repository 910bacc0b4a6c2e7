import django.db.models.deletion
import timescale.db.models.fields
from django.db import migrations, models

import anomalies.models
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
    dependencies = [("anomalies", "0009_machine_models"), ("assets", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="AnomalyScore",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "sensor_id",
                        "time",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "sensor",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="assets.sensor",
                    ),
                ),
                (
                    "time",
                    timescale.db.models.fields.TimescaleDateTimeField(interval="7 days"),
                ),
                ("score", anomalies.models.RealField()),
                ("expected", anomalies.models.RealField()),
                ("scale", anomalies.models.RealField()),
            ],
            options={"db_table": "anomaly_scores"},
        ),
        SqlByServer(plain="", undo_plain="", timescale=COMPRESS, undo_timescale=DECOMPRESS),
    ]
