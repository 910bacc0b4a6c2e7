import datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("anomalies", "0011_late_readings"),
    ]

    operations = [
        migrations.AlterField(
            model_name="limittemplate",
            name="off_delay",
            field=models.DurationField(
                default=datetime.timedelta(seconds=21600),
                help_text="So long back inside before the alarm ends.",
            ),
        ),
        migrations.AlterField(
            model_name="sensorlimits",
            name="off_delay",
            field=models.DurationField(
                default=datetime.timedelta(seconds=21600),
                help_text="So long back inside before the alarm ends.",
            ),
        ),
    ]
