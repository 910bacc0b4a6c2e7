import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("anomalies", "0010_scores"), ("assets", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="detectorstate",
            name="too_late_since",
            field=models.DateTimeField(
                null=True, help_text="Readings from here on came so late that they were not scored."
            ),
        ),
        migrations.CreateModel(
            name="LateReadings",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
                (
                    "noted_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "sensor",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="assets.sensor",
                    ),
                ),
            ],
            options={"db_table": "late_readings"},
        ),
    ]
