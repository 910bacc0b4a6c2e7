from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("maintenance", "0004_walls_and_audit")]

    operations = [
        migrations.AddField(
            model_name="workordertask",
            name="sensor_key",
            field=models.CharField(
                blank=True,
                help_text="Of a reading: the asset's sensor it is written to.",
                max_length=100,
            ),
        ),
    ]
