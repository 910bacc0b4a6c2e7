from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("forecasts", "0002_walls")]

    operations = [
        migrations.AlterField(
            model_name="riskscore",
            name="criticality",
            field=models.PositiveSmallIntegerField(help_text="Of the asset, 1 to 5."),
        ),
        migrations.AddField(
            model_name="riskscore",
            name="consequence",
            field=models.PositiveSmallIntegerField(
                default=3,
                help_text="The criticality that counts, 1 to 5: its own, or that of what stops with it.",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="riskscore",
            name="consequence_sentence",
            field=models.CharField(default="", max_length=200),
            preserve_default=False,
        ),
        migrations.RunSQL(
            "UPDATE risk_scores SET consequence = criticality,"
            " consequence_sentence = 'Consequence: criticality ' || criticality || ' of 5.'",
            migrations.RunSQL.noop,
        ),
    ]
