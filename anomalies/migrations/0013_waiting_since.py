from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("anomalies", "0012_alarms_outlast_flicker")]

    operations = [
        migrations.AddField(
            model_name="detectorstate",
            name="waiting_since",
            field=models.DateTimeField(
                null=True, help_text="Since when it has readings that nobody scores."
            ),
        ),
    ]
