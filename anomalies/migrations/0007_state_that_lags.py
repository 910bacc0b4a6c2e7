from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("anomalies", "0006_method")]

    operations = [
        migrations.AddField(
            model_name="detectorstate",
            name="learned_until",
            field=models.DateTimeField(
                null=True,
                help_text="What the state has learned from; readings from there to the watermark"
                " are learned from again. Empty: it knows nothing.",
            ),
        ),
        migrations.AddField(
            model_name="detectorstate",
            name="learned",
            field=models.PositiveIntegerField(
                default=0, help_text="Readings that were learned from up to the watermark."
            ),
        ),
        migrations.AddField(
            model_name="anomaly",
            name="is_over_budget",
            field=models.BooleanField(
                default=False, help_text="Beyond the alarms a week that the sensor may raise."
            ),
        ),
        # Numbers that hardly compress: tried for each write, it costs time and saves little.
        migrations.RunSQL(
            "ALTER TABLE detector_states ALTER COLUMN state SET STORAGE EXTERNAL",
            "ALTER TABLE detector_states ALTER COLUMN state SET STORAGE EXTENDED",
        ),
    ]
