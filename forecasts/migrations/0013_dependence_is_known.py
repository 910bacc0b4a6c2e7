import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("forecasts", "0012_every_forecast_says_more")]

    operations = [
        migrations.AlterField(
            model_name="forecast",
            name="dependence",
            field=models.FloatField(
                help_text="Correlation of the error of one step with that of the next."
            ),
        ),
        migrations.AlterField(
            model_name="forecast",
            name="inner",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=django.contrib.postgres.fields.ArrayField(
                    base_field=models.FloatField(), size=None
                ),
                help_text="Ends of the narrower intervals: lower and upper of 80 %, then those of 50 %.",
                size=None,
            ),
        ),
    ]
