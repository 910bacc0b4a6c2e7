import assets.models.uptime
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.operations
import django.core.validators
import django.db.models.deletion
import opssight.accounts.constraints
import opssight.accounts.models
import pgtrigger.compiler
import pgtrigger.migrations
import timescale.db.models.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ("accounts", "0003_custom_roles"),
        # Each step after ours renders all our models anew: what comes from others goes first.
        ("account", "0009_emailaddress_unique_primary_email"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("axes", "0010_accessattemptexpiration"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("sessions", "0001_initial"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
        ("token_blacklist", "0013_alter_blacklistedtoken_options_and_more"),
        ("usersessions", "0001_initial"),
    ]

    operations = [
        django.contrib.postgres.operations.BtreeGistExtension(),
        migrations.CreateModel(
            name='AssetGroup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('name', models.CharField(max_length=200)),
                ('description', models.TextField(blank=True)),
            ],
            options={
                'db_table': 'asset_groups',
                'ordering': ['name', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('id', 'organization'), name='asset_groups_id_organization'), models.UniqueConstraint(fields=('organization', 'name'), name='asset_group_unique')],
            },
        ),
        migrations.CreateModel(
            name='Site',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('code', models.CharField(max_length=20)),
                ('name', models.CharField(max_length=200)),
                ('timezone', models.CharField(default='UTC', max_length=50, validators=[opssight.accounts.models.validate_timezone])),
            ],
            options={
                'db_table': 'sites',
                'ordering': ['name', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('id', 'organization'), name='sites_id_organization'), models.UniqueConstraint(fields=('organization', 'code'), name='site_code_unique')],
            },
        ),
        migrations.CreateModel(
            name='Asset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('tag', models.CharField(help_text='Unique in the organization, such as P-101A.', max_length=50)),
                ('name', models.CharField(max_length=200)),
                ('category', models.CharField(blank=True, help_text='Such as pump or motor.', max_length=100)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assets', to='assets.site')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='assets.asset')),
                ('criticality', models.PositiveSmallIntegerField(default=3, help_text='Consequence of a failure: 1 (negligible) to 5 (severe).', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)])),
                ('status', models.CharField(choices=[('in_service', 'In service'), ('standby', 'Standby'), ('out_of_service', 'Out of service'), ('retired', 'Retired')], default='in_service', max_length=20)),
                ('manufacturer', models.CharField(blank=True, max_length=100)),
                ('model', models.CharField(blank=True, max_length=100)),
                ('serial_number', models.CharField(blank=True, max_length=100)),
                ('installed_at', models.DateField(blank=True, null=True)),
                ('replacement_value', models.DecimalField(blank=True, decimal_places=2, help_text='What it would cost to buy and install it today.', max_digits=14, null=True, validators=[django.core.validators.MinValueValidator(0)])),
                ('downtime_cost', models.DecimalField(blank=True, decimal_places=2, help_text='What an hour of its downtime costs.', max_digits=12, null=True, validators=[django.core.validators.MinValueValidator(0)])),
                ('attributes', models.JSONField(blank=True, default=dict)),
                ('last_maintenance_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('next_due_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('current_risk', models.FloatField(blank=True, editable=False, help_text='0 to 100; empty until first computed.', null=True)),
            ],
            options={
                'db_table': 'assets',
                'ordering': ['tag', 'pk'],
                'indexes': [models.Index(fields=['organization', '-current_risk'], name='asset_by_risk'), models.Index(fields=['organization', 'next_due_at'], name='asset_by_due_date')],
                'constraints': [models.UniqueConstraint(fields=('id', 'organization'), name='assets_id_organization'), models.UniqueConstraint(fields=('organization', 'tag'), name='asset_tag_unique'), models.CheckConstraint(condition=models.Q(('criticality__range', (1, 5))), name='asset_criticality_1_to_5'), models.CheckConstraint(condition=models.Q(('current_risk', None), ('current_risk__range', (0, 100)), _connector='OR'), name='asset_risk_0_to_100'), models.CheckConstraint(condition=models.Q(('parent', None), models.Q(('parent', models.F('pk')), _negated=True), _connector='OR'), name='asset_not_its_own_parent'), models.CheckConstraint(condition=models.Q(models.Q(('replacement_value', None), ('replacement_value__gte', 0), _connector='OR'), models.Q(('downtime_cost', None), ('downtime_cost__gte', 0), _connector='OR')), name='asset_costs_not_negative'), opssight.accounts.constraints.SameOrganization(field='site', name='assets_site_same_organization'), opssight.accounts.constraints.SameOrganization(field='parent', name='assets_parent_same_organization')],
            },
        ),
        migrations.CreateModel(
            name='Sensor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sensors', to='assets.asset')),
                ('key', models.CharField(help_text='Unique on the asset, such as vibration_de.', max_length=100)),
                ('quantity', models.CharField(help_text='What is measured, such as vibration.', max_length=100)),
                ('unit', models.CharField(blank=True, max_length=30)),
                ('kind', models.CharField(choices=[('gauge', 'Gauge'), ('counter', 'Counter')], default='gauge', max_length=10)),
                ('low_limit', models.FloatField(blank=True, null=True)),
                ('high_limit', models.FloatField(blank=True, null=True)),
                ('physical_low', models.FloatField(blank=True, help_text='Readings below this are impossible, and refused.', null=True)),
                ('physical_high', models.FloatField(blank=True, help_text='Readings above this are impossible, and refused.', null=True)),
                ('rolls_over_at', models.FloatField(blank=True, help_text='Where a counter starts again from 0, such as 4294967296.', null=True)),
                ('expected_interval', models.DurationField(blank=True, help_text='Usual time between two readings.', null=True)),
                ('is_active', models.BooleanField(default=True)),
                ('last_time', models.DateTimeField(blank=True, editable=False, null=True)),
                ('last_value', models.FloatField(blank=True, editable=False, null=True)),
            ],
            options={
                'db_table': 'sensors',
                'ordering': ['asset', 'key', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('id', 'organization'), name='sensors_id_organization'), models.UniqueConstraint(fields=('asset', 'key'), name='sensor_key_unique_on_asset'), models.CheckConstraint(condition=models.Q(('low_limit', None), ('high_limit', None), ('low_limit__lt', models.F('high_limit')), _connector='OR'), name='sensor_low_limit_below_high_limit'), models.CheckConstraint(condition=models.Q(('physical_low', None), ('physical_high', None), ('physical_low__lt', models.F('physical_high')), _connector='OR'), name='sensor_physical_low_below_high'), models.CheckConstraint(condition=models.Q(('rolls_over_at', None), models.Q(('kind', 'counter'), ('rolls_over_at__gt', 0)), _connector='OR'), name='sensor_that_rolls_over_counts'), opssight.accounts.constraints.SameOrganization(field='asset', name='sensors_asset_same_organization')],
            },
        ),
        migrations.CreateModel(
            name='AssetGroupMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='assets.assetgroup')),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='group_members', to='assets.asset')),
            ],
            options={
                'db_table': 'asset_group_members',
                'ordering': ['group', 'asset', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('group', 'asset'), name='asset_once_in_a_group'), opssight.accounts.constraints.SameOrganization(field='group', name='asset_group_members_group_same_organization'), opssight.accounts.constraints.SameOrganization(field='asset', name='asset_group_members_asset_same_organization')],
            },
        ),
        migrations.CreateModel(
            name='AssetRelationship',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='outgoing', to='assets.asset')),
                ('target', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='incoming', to='assets.asset')),
                ('kind', models.CharField(choices=[('feeds', 'Feeds'), ('powers', 'Powers'), ('backs_up', 'Backs up'), ('controls', 'Controls')], max_length=20)),
            ],
            options={
                'db_table': 'asset_relationships',
                'ordering': ['source', 'kind', 'target', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('source', 'target', 'kind'), name='asset_relationship_unique'), models.CheckConstraint(condition=models.Q(('source', models.F('target')), _negated=True), name='asset_not_related_to_itself'), opssight.accounts.constraints.SameOrganization(field='source', name='asset_relationships_source_same_organization'), opssight.accounts.constraints.SameOrganization(field='target', name='asset_relationships_target_same_organization')],
            },
        ),
        migrations.CreateModel(
            name='ProductionRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='production_runs', to='assets.asset')),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField()),
                ('planned_minutes', models.PositiveIntegerField(help_text='Planned busy time.', validators=[django.core.validators.MinValueValidator(1)])),
                ('produced', models.FloatField(help_text='All units.', validators=[django.core.validators.MinValueValidator(0)])),
                ('good', models.FloatField(help_text='Units without a fault.', validators=[django.core.validators.MinValueValidator(0)])),
                ('ideal_minutes', models.FloatField(help_text='For one unit, at the planned speed.', validators=[django.core.validators.MinValueValidator(0)])),
            ],
            options={
                'db_table': 'production_runs',
                'ordering': ['-started_at', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('ended_at__gt', models.F('started_at'))), name='production_run_ends_after_its_start'), models.CheckConstraint(condition=models.Q(('good__gte', 0), ('ideal_minutes__gt', 0), ('planned_minutes__gt', 0), ('produced__gte', models.F('good'))), name='production_run_amounts_sensible'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('asset', '='), (assets.models.uptime.PeriodRange('started_at', 'ended_at', django.contrib.postgres.fields.ranges.RangeBoundary()), '&&')], name='production_runs_of_an_asset_do_not_overlap'), opssight.accounts.constraints.SameOrganization(field='asset', name='production_runs_asset_same_organization')],
            },
        ),
        migrations.CreateModel(
            name='SealedReadings',
            fields=[
                ('sensor', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='assets.sensor')),
                ('until', models.DateTimeField()),
            ],
            options={
                'db_table': 'asset_metrics_sealed',
            },
        ),
        migrations.CreateModel(
            name='Reading',
            fields=[
                ('pk', models.CompositePrimaryKey('sensor_id', 'time', blank=True, editable=False, primary_key=True, serialize=False)),
                ('sensor', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='readings', to='assets.sensor')),
                ('time', timescale.db.models.fields.TimescaleDateTimeField(interval='7 days')),
                ('value', models.FloatField()),
            ],
            options={
                'db_table': 'asset_metrics',
                'constraints': [models.CheckConstraint(condition=models.Q(('value__gt', -1e+100), ('value__lt', 1e+100)), name='reading_is_a_finite_number')],
            },
        ),
        migrations.CreateModel(
            name='HourFigures',
            fields=[
                ('sensor', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='assets.sensor')),
                ('bucket', models.DateTimeField()),
                ('count', models.BigIntegerField()),
                ('min', models.FloatField()),
                ('max', models.FloatField()),
                ('avg', models.FloatField()),
                ('first', models.FloatField()),
                ('last', models.FloatField()),
                ('sum_squares', models.FloatField()),
                ('pk', models.CompositePrimaryKey('sensor_id', 'bucket', blank=True, editable=False, primary_key=True, serialize=False)),
            ],
            options={
                'db_table': 'asset_metrics_hours',
            },
        ),
        migrations.CreateModel(
            name='DayFigures',
            fields=[
                ('sensor', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='assets.sensor')),
                ('bucket', models.DateTimeField()),
                ('count', models.BigIntegerField()),
                ('min', models.FloatField()),
                ('max', models.FloatField()),
                ('avg', models.FloatField()),
                ('first', models.FloatField()),
                ('last', models.FloatField()),
                ('sum_squares', models.FloatField()),
                ('pk', models.CompositePrimaryKey('sensor_id', 'bucket', blank=True, editable=False, primary_key=True, serialize=False)),
            ],
            options={
                'db_table': 'asset_metrics_days',
            },
        ),
        migrations.CreateModel(
            name='AssetKpi',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('asset', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='kpis', to='assets.asset')),
                ('group', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='kpis', to='assets.assetgroup')),
                ('site', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='kpis', to='assets.site')),
                ('kpi', models.CharField(choices=[('availability', 'Availability (operational)'), ('availability_iso', 'Availability (ISO 22400-2)'), ('inherent_availability', 'Inherent availability'), ('mtbf', 'MTBF'), ('mttr', 'MTTR'), ('mttr_smrp', 'MTTR (SMRP 3.5.2)'), ('oee', 'OEE'), ('corrective_ratio', 'Corrective maintenance ratio'), ('schedule_compliance', 'Schedule compliance'), ('pm_compliance', 'PM and PdM compliance'), ('backlog', 'Planned backlog, weeks'), ('rework', 'Rework')], max_length=30)),
                ('period', models.CharField(choices=[('day', 'Day'), ('week', 'Week'), ('month', 'Month'), ('rolling_30d', 'Rolling 30 days'), ('rolling_365d', 'Rolling 365 days')], max_length=20)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('value', models.FloatField(help_text='Ratio; hours for MTBF and MTTR, weeks for the backlog.', null=True)),
                ('standard', models.CharField(max_length=50)),
                ('inputs', models.JSONField(default=dict)),
                ('count', models.PositiveIntegerField(help_text='Number of failures or intervals behind it.')),
                ('computed_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'asset_kpis',
                'ordering': ['-ends_at', 'kpi', 'pk'],
                'indexes': [models.Index(fields=['asset', 'kpi', '-starts_at'], name='kpi_of_asset'), models.Index(condition=models.Q(('group', None), _negated=True), fields=['group'], name='kpi_of_group'), models.Index(condition=models.Q(('site', None), _negated=True), fields=['site'], name='kpi_of_site')],
                'constraints': [models.UniqueConstraint(fields=('organization', 'asset', 'group', 'site', 'kpi', 'period', 'starts_at'), name='one_kpi_per_scope_and_period', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='kpi_period_ends_after_its_start'), models.CheckConstraint(condition=models.Q(models.Q(('asset', None), ('group', None)), models.Q(('asset', None), ('site', None)), models.Q(('group', None), ('site', None)), _connector='OR'), name='kpi_of_one_scope'), opssight.accounts.constraints.SameOrganization(field='asset', is_cascade=True, name='asset_kpis_asset_same_organization'), opssight.accounts.constraints.SameOrganization(field='group', is_cascade=True, name='asset_kpis_group_same_organization'), opssight.accounts.constraints.SameOrganization(field='site', is_cascade=True, name='asset_kpis_site_same_organization')],
            },
        ),
        migrations.CreateModel(
            name='AccessScope',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('membership', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='access_scopes', to='accounts.membership')),
                ('site', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='assets.site')),
                ('group', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='assets.assetgroup')),
                ('asset', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='assets.asset')),
            ],
            options={
                'db_table': 'access_scopes',
                'ordering': ['membership', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('asset', None), ('group', None), ('site__isnull', False)), models.Q(('asset', None), ('group__isnull', False), ('site', None)), models.Q(('asset__isnull', False), ('group', None), ('site', None)), _connector='OR'), name='access_scope_of_one_thing', violation_error_message='Choose a site, a group or an asset.'), models.UniqueConstraint(fields=('membership', 'site', 'group', 'asset'), name='access_scope_once', nulls_distinct=False), opssight.accounts.constraints.SameOrganization(field='membership', name='access_scopes_membership_same_organization'), opssight.accounts.constraints.SameOrganization(field='site', name='access_scopes_site_same_organization'), opssight.accounts.constraints.SameOrganization(field='group', name='access_scopes_group_same_organization'), opssight.accounts.constraints.SameOrganization(field='asset', name='access_scopes_asset_same_organization')],
            },
        ),
        migrations.CreateModel(
            name='StaleKpi',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='assets.asset')),
                ('since', models.DateTimeField()),
            ],
            options={
                'db_table': 'stale_kpis',
                'constraints': [opssight.accounts.constraints.SameOrganization(field='asset', name='stale_kpis_asset_same_organization')],
            },
        ),
        migrations.CreateModel(
            name='TouchedHour',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sensor', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='assets.sensor')),
                ('bucket', models.DateTimeField()),
            ],
            options={
                'db_table': 'asset_metrics_touched',
                'indexes': [models.Index(fields=['sensor', 'bucket'], name='touched_hour_of_sensor')],
            },
        ),
        migrations.CreateModel(
            name='UptimeEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='uptime_events', to='assets.asset')),
                ('state', models.CharField(choices=[('up', 'Up'), ('operating', 'Operating'), ('idle', 'Idle'), ('standby', 'Standby'), ('degraded', 'Degraded'), ('down', 'Down'), ('disabled', 'Disabled'), ('external_disabled', 'External disabled')], max_length=20)),
                ('cause', models.CharField(choices=[('none', 'None'), ('failure', 'Failure'), ('planned', 'Planned maintenance'), ('external', 'External')], default='none', max_length=20)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'db_table': 'uptime_events',
                'ordering': ['-started_at', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('id', 'organization'), name='uptime_events_id_organization'), models.CheckConstraint(condition=models.Q(('ended_at', None), ('ended_at__gt', models.F('started_at')), _connector='OR'), name='uptime_event_ends_after_its_start'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('asset', '='), (assets.models.uptime.PeriodRange('started_at', 'ended_at', django.contrib.postgres.fields.ranges.RangeBoundary()), '&&')], name='uptime_events_of_an_asset_do_not_overlap'), opssight.accounts.constraints.SameOrganization(field='asset', name='uptime_events_asset_same_organization')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='productionrun',
            trigger=pgtrigger.compiler.Trigger(name='past_added', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    INSERT INTO stale_kpis (organization_id, asset_id, since)\n    SELECT a.organization_id, a.id, min(r.since)\n    FROM (SELECT asset_id, started_at AS since FROM new_rows) AS r JOIN assets a ON a.id = r.asset_id GROUP BY a.id;\n    RETURN NULL;\n', hash='48cdf2c1b728e53f7b8a072096a26b0fe188b759', level='STATEMENT', operation='INSERT', pgid='pgtrigger_past_added_d87ae', referencing='REFERENCING NEW TABLE AS new_rows ', table='production_runs', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='productionrun',
            trigger=pgtrigger.compiler.Trigger(name='past_changed', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    INSERT INTO stale_kpis (organization_id, asset_id, since)\n    SELECT a.organization_id, a.id, min(r.since)\n    FROM (SELECT asset_id, started_at AS since FROM old_rows UNION ALL SELECT asset_id, started_at AS since FROM new_rows) AS r JOIN assets a ON a.id = r.asset_id GROUP BY a.id;\n    RETURN NULL;\n', hash='b2f731d6344a07c18cc5f2428d74a9460d659be8', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_past_changed_58e41', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='production_runs', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='productionrun',
            trigger=pgtrigger.compiler.Trigger(name='past_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    INSERT INTO stale_kpis (organization_id, asset_id, since)\n    SELECT a.organization_id, a.id, min(r.since)\n    FROM (SELECT asset_id, started_at AS since FROM old_rows) AS r JOIN assets a ON a.id = r.asset_id GROUP BY a.id;\n    RETURN NULL;\n', hash='074bae8646e5cad62f439c9d4fede0df48618ccc', level='STATEMENT', operation='DELETE', pgid='pgtrigger_past_deleted_01401', referencing='REFERENCING OLD TABLE AS old_rows ', table='production_runs', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='asset',
            trigger=pgtrigger.compiler.Trigger(name='its_mark_goes', sql=pgtrigger.compiler.UpsertTriggerSql(func='DELETE FROM stale_kpis WHERE asset_id = OLD.id; RETURN OLD;', hash='983021b72d6885c67762ccddbe03dea31d6987af', operation='DELETE', pgid='pgtrigger_its_mark_goes_90be7', table='assets', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='asset',
            trigger=pgtrigger.compiler.Trigger(name='tree_without_circle', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."parent_id" IS NOT NULL)', func="\n                    IF EXISTS (\n                        WITH RECURSIVE above AS (\n                            SELECT id, parent_id FROM assets WHERE id = NEW.parent_id\n                            UNION\n                            SELECT a.id, a.parent_id FROM assets a JOIN above ON a.id = above.parent_id\n                        )\n                        SELECT 1 FROM above WHERE id = NEW.id\n                    ) THEN\n                        RAISE EXCEPTION 'asset % would stand under itself', NEW.tag\n                            USING ERRCODE = 'check_violation', CONSTRAINT = 'asset_tree_without_circle';\n                    END IF;\n                    RETURN NEW;\n                ", hash='d0184bcdb41f9e21c09b1cb6f0ce2c56bc16e01f', operation='UPDATE OF "parent_id" OR INSERT', pgid='pgtrigger_tree_without_circle_d2f4a', table='assets', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='uptimeevent',
            trigger=pgtrigger.compiler.Trigger(name='past_added', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    INSERT INTO stale_kpis (organization_id, asset_id, since)\n    SELECT a.organization_id, a.id, min(r.since)\n    FROM (SELECT asset_id, started_at AS since FROM new_rows) AS r JOIN assets a ON a.id = r.asset_id GROUP BY a.id;\n    RETURN NULL;\n', hash='313a3bd3a389a7871adb997d9ffbd2c36d27b9e9', level='STATEMENT', operation='INSERT', pgid='pgtrigger_past_added_249df', referencing='REFERENCING NEW TABLE AS new_rows ', table='uptime_events', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='uptimeevent',
            trigger=pgtrigger.compiler.Trigger(name='past_changed', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    INSERT INTO stale_kpis (organization_id, asset_id, since)\n    SELECT a.organization_id, a.id, min(r.since)\n    FROM (SELECT asset_id, started_at AS since FROM old_rows UNION ALL SELECT asset_id, started_at AS since FROM new_rows) AS r JOIN assets a ON a.id = r.asset_id GROUP BY a.id;\n    RETURN NULL;\n', hash='9d8f6f69a9c6b6c38f31413c9a2b1a14c044267b', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_past_changed_eb884', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='uptime_events', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='uptimeevent',
            trigger=pgtrigger.compiler.Trigger(name='past_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    INSERT INTO stale_kpis (organization_id, asset_id, since)\n    SELECT a.organization_id, a.id, min(r.since)\n    FROM (SELECT asset_id, started_at AS since FROM old_rows) AS r JOIN assets a ON a.id = r.asset_id GROUP BY a.id;\n    RETURN NULL;\n', hash='dadb23e241921c61e0f07952075bb6dbcb4d2309', level='STATEMENT', operation='DELETE', pgid='pgtrigger_past_deleted_2c181', referencing='REFERENCING OLD TABLE AS old_rows ', table='uptime_events', when='AFTER')),
        ),
        migrations.AddField(
            model_name='assetgroup',
            name='assets',
            field=models.ManyToManyField(related_name='groups', through='assets.AssetGroupMember', to='assets.asset'),
        ),
    ]
