import django.contrib.postgres.fields
import django.db.models.deletion
import opssight.accounts.constraints
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('assets', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Forecast',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='forecasts', to='assets.asset')),
                ('sensor', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='forecasts', to='assets.sensor')),
                ('made_at', models.DateTimeField()),
                ('starts_at', models.DateTimeField(help_text='Time of the first value.')),
                ('step', models.DurationField()),
                ('values', django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=None)),
                ('lower', django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=None)),
                ('upper', django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=None)),
                ('level', models.FloatField(default=0.95, help_text='Share of the future inside the interval.')),
                ('method', models.CharField(max_length=100)),
                ('backtest_error', models.FloatField(help_text="MASE of the method on the sensor's recent past.", null=True)),
            ],
            options={
                'db_table': 'forecasts',
                'ordering': ['-starts_at', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('sensor', 'starts_at'), name='one_forecast_per_sensor_and_start'), models.CheckConstraint(condition=models.Q(('level__gt', 0), ('level__lt', 1)), name='forecast_level_is_a_share'), opssight.accounts.constraints.SameOrganization(field='asset', name='forecasts_asset_same_organization'), opssight.accounts.constraints.SameOrganization(field='sensor', name='forecasts_sensor_same_organization')],
            },
        ),
        migrations.CreateModel(
            name='RiskScore',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='risk_scores', to='assets.asset')),
                ('day', models.DateField()),
                ('score', models.FloatField(help_text='0 to 100.')),
                ('likelihood', models.FloatField(help_text='0 to 1.')),
                ('criticality', models.PositiveSmallIntegerField(help_text='Of the asset, 1 to 5.')),
                ('consequence', models.PositiveSmallIntegerField(help_text='The criticality that counts, 1 to 5: its own, or that of what stops with it.')),
                ('consequence_sentence', models.CharField(max_length=200)),
                ('parts', models.JSONField(help_text='Name, value, weight and a sentence for each part.')),
                ('computed_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'risk_scores',
                'ordering': ['-day', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('asset', 'day'), name='one_risk_score_per_day'), models.CheckConstraint(condition=models.Q(('score__range', (0, 100)), ('likelihood__range', (0, 1))), name='risk_score_in_range'), opssight.accounts.constraints.SameOrganization(field='asset', name='risk_scores_asset_same_organization')],
            },
        ),
    ]
