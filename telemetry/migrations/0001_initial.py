import django.core.validators
import django.db.models.deletion
import opssight.accounts.constraints
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('assets', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Comparison',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('name', models.CharField(max_length=200)),
                ('created_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('is_shared', models.BooleanField(default=False, help_text='Colleagues see it, too.')),
                ('scale', models.CharField(choices=[('own', 'In its own unit'), ('range', 'From lowest (0) to highest (100)'), ('deviation', 'In standard deviations from its mean')], default='own', max_length=20)),
                ('align', models.CharField(choices=[('clock', 'By the clock'), ('event', 'On an event of each line')], default='clock', max_length=20)),
                ('start', models.DateTimeField(blank=True, null=True)),
                ('end', models.DateTimeField(blank=True, null=True)),
                ('minutes_before', models.PositiveIntegerField(default=1440, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5256000)])),
                ('minutes_after', models.PositiveIntegerField(default=1440, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5256000)])),
            ],
            options={
                'db_table': 'comparisons',
                'ordering': ['name', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('id', 'organization'), name='comparisons_id_organization'), models.UniqueConstraint(fields=('organization', 'created_by', 'name'), name='comparison_name_once'), models.CheckConstraint(condition=models.Q(('align', 'event'), models.Q(('end__isnull', False), ('start__isnull', False), ('start__lt', models.F('end'))), _connector='OR'), name='comparison_has_a_time')],
            },
        ),
        migrations.CreateModel(
            name='ComparisonLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('comparison', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='telemetry.comparison')),
                ('sensor', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='assets.sensor')),
                ('anchor_at', models.DateTimeField(blank=True, null=True)),
                ('anchor_label', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'db_table': 'comparison_lines',
                'ordering': ['comparison', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('comparison', 'sensor', 'anchor_at'), name='comparison_line_once', nulls_distinct=False), opssight.accounts.constraints.SameOrganization(field='comparison', name='comparison_lines_comparison_same_organization'), opssight.accounts.constraints.SameOrganization(field='sensor', name='comparison_lines_sensor_same_organization')],
            },
        ),
        migrations.CreateModel(
            name='QualityFault',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='quality_faults', to='assets.asset')),
                ('sensor', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='quality_faults', to='assets.sensor')),
                ('kind', models.CharField(choices=[('silent', 'Silent'), ('flat_line', 'Flat line'), ('noise_collapse', 'Noise collapsed'), ('out_of_range', 'Out of range'), ('unit_jump', 'Unit jump'), ('clock_skew', 'Clock skew'), ('counter_reset', 'Counter reset'), ('duplicate_source', 'Duplicate source')], max_length=20)),
                ('started_at', models.DateTimeField(help_text='Since when the data is wrong.')),
                ('found_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('explanation', models.TextField(help_text='One plain sentence with the numbers.')),
            ],
            options={
                'db_table': 'quality_faults',
                'ordering': ['-started_at', 'pk'],
                'indexes': [models.Index(fields=['asset', '-started_at'], name='quality_fault_of_asset'), models.Index(fields=['sensor', '-started_at'], name='quality_fault_of_sensor')],
                'constraints': [models.UniqueConstraint(fields=('id', 'organization'), name='quality_faults_id_organization'), models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('sensor', 'kind'), name='one_open_quality_fault_of_a_kind'), models.CheckConstraint(condition=models.Q(('ended_at', None), ('ended_at__gte', models.F('started_at')), _connector='OR'), name='quality_fault_ends_after_its_start'), opssight.accounts.constraints.SameOrganization(field='asset', name='quality_faults_asset_same_organization'), opssight.accounts.constraints.SameOrganization(field='sensor', name='quality_faults_sensor_same_organization')],
            },
        ),
        migrations.CreateModel(
            name='QualityState',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='assets.asset')),
                ('sensor', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='quality_state', to='assets.sensor')),
                ('watermark', models.DateTimeField(help_text='Readings up to here have been looked at.')),
                ('state', models.JSONField(default=dict)),
                ('updated_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'quality_states',
                'constraints': [opssight.accounts.constraints.SameOrganization(field='asset', name='quality_states_asset_same_organization'), opssight.accounts.constraints.SameOrganization(field='sensor', name='quality_states_sensor_same_organization')],
            },
        ),
        migrations.CreateModel(
            name='Signal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('name', models.CharField(help_text='As the sender spells it, such as plant1/P-101A/temp or cpu,host=a#usage.', max_length=500)),
                ('sensor', models.ForeignKey(blank=True, help_text='Empty: readings of this name are dropped.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='signals', to='assets.sensor')),
                ('unit', models.CharField(blank=True, help_text="The sender's unit, where it is another than the sensor's.", max_length=30)),
            ],
            options={
                'db_table': 'signals',
                'ordering': ['name', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('id', 'organization'), name='signals_id_organization'), models.UniqueConstraint(fields=('organization', 'name'), name='signal_name_once'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='signal_has_a_name'), opssight.accounts.constraints.SameOrganization(field='sensor', name='signals_sensor_same_organization')],
            },
        ),
        migrations.CreateModel(
            name='TelemetryPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('unknown', models.CharField(choices=[('quarantine', 'Hold the readings until somebody says which sensor it is'), ('create', 'Make a sensor on the asset that the name begins with'), ('reject', 'Refuse the readings')], default='quarantine', help_text='What becomes of readings whose name stands for no sensor.', max_length=20)),
                ('naive_times', models.CharField(choices=[('refuse', 'Refuse the readings'), ('site_zone', "Read them on the clock of the asset's site")], default='refuse', help_text='What becomes of readings whose time has no time zone.', max_length=20)),
                ('readings_days', models.PositiveIntegerField(blank=True, help_text='Days for which single readings are kept; empty: for ever.', null=True, validators=[django.core.validators.MinValueValidator(7), django.core.validators.MaxValueValidator(36500)])),
                ('hourly_days', models.PositiveIntegerField(blank=True, help_text='Days for which the figures of each hour are kept; empty: for ever.', null=True, validators=[django.core.validators.MinValueValidator(7), django.core.validators.MaxValueValidator(36500)])),
            ],
            options={
                'verbose_name_plural': 'telemetry policies',
                'db_table': 'telemetry_policies',
                'ordering': ['organization', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('id', 'organization'), name='telemetry_policies_id_organization'), models.UniqueConstraint(fields=('organization',), name='one_telemetry_policy'), models.CheckConstraint(condition=models.Q(('hourly_days', None), models.Q(('hourly_days__gte', models.F('readings_days')), ('readings_days__isnull', False)), _connector='OR'), name='telemetry_policy_days_in_order')],
            },
        ),
        migrations.CreateModel(
            name='UnknownSignal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('name', models.CharField(max_length=500)),
                ('way', models.CharField(choices=[('json', 'JSON'), ('csv', 'CSV'), ('line_protocol', 'Line protocol'), ('mqtt', 'MQTT'), ('sparkplug', 'Sparkplug B')], max_length=20)),
                ('unit', models.CharField(blank=True, max_length=30)),
                ('first_seen_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
                ('count', models.PositiveBigIntegerField(help_text='Readings that came by this name.')),
                ('last_time', models.DateTimeField(help_text='Time of the last reading.', null=True)),
                ('last_value', models.FloatField(null=True)),
            ],
            options={
                'db_table': 'unknown_signals',
                'ordering': ['-last_seen_at', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('id', 'organization'), name='unknown_signals_id_organization'), models.UniqueConstraint(fields=('organization', 'name'), name='unknown_signal_name_once'), models.CheckConstraint(condition=models.Q(('last_seen_at__gte', models.F('first_seen_at'))), name='unknown_signal_seen_in_order')],
            },
        ),
        migrations.CreateModel(
            name='HeldReading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('signal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='held', to='telemetry.unknownsignal')),
                ('time', models.DateTimeField()),
                ('value', models.FloatField()),
            ],
            options={
                'db_table': 'held_readings',
                'ordering': ['signal', 'time', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('signal', 'time'), name='held_reading_once'), opssight.accounts.constraints.SameOrganization(field='signal', name='held_readings_signal_same_organization')],
            },
        ),
    ]
