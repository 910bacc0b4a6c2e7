from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("forecasts", "0010_calendar_of_forecasts")]

    operations = [
        migrations.RemoveConstraint(
            model_name="forecastscore", name="forecast_score_holds_no_more_than_came"
        ),
        migrations.RemoveField(model_name="forecastscore", name="interval_scores"),
        migrations.AddField(
            model_name="forecastscore",
            name="judged",
            field=models.PositiveIntegerField(
                default=0, help_text="Hours whose intervals could be judged."
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="forecastscore",
            name="steps",
            field=models.PositiveIntegerField(help_text="Hours whose errors could be counted."),
        ),
        migrations.AddConstraint(
            model_name="forecastscore",
            constraint=models.CheckConstraint(
                condition=models.Q(("inside__lte", models.F("judged"))),
                name="forecast_score_holds_no_more_than_came",
            ),
        ),
    ]
