import django.contrib.postgres.fields
import django.db.models.deletion
import opssight.accounts.constraints
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('kind', models.CharField(choices=[('personal', 'Personal'), ('device', 'Device')], editable=False, max_length=10)),
                ('user', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='api_tokens', to=settings.AUTH_USER_MODEL)),
                ('name', models.CharField(max_length=100)),
                ('prefix', models.CharField(editable=False, help_text='Tells tokens apart.', max_length=12)),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('permissions', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('view', 'See assets, readings, anomalies, forecasts and maintenance'), ('admin.enter', 'Enter the admin, where plans and master data are kept'), ('readings.write', 'Send readings'), ('asset.edit', 'Change assets, sensors and relationships'), ('uptime.edit', 'Record when an asset was up or down'), ('site.edit', 'Change sites and asset groups'), ('anomaly.review', 'Acknowledge and judge anomalies'), ('recommendation.decide', 'Accept or dismiss recommendations'), ('work_order.plan', 'Create, assign and cancel work orders'), ('work_order.execute', 'Start and complete work orders'), ('schedule.edit', 'Change maintenance schedules'), ('job_plan.edit', 'Change job plans, which every part of the plant uses'), ('store.edit', 'Change spare parts, and book what comes in and what was counted'), ('request.make', 'Ask for work, and follow what was asked for'), ('technician.edit', 'Change technicians, their shifts and absences, service levels'), ('integration.edit', 'Manage device tokens and webhooks'), ('member.edit', 'Invite people, change their roles and take them out'), ('audit.view', 'Read and export the audit trail'), ('organization.edit', 'Change the organization and its settings')], max_length=40), blank=True, help_text='At most these; empty means all that the role allows.', null=True, size=None)),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(editable=False)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('last_used_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('last_used_from', models.GenericIPAddressField(blank=True, editable=False, null=True)),
            ],
            options={
                'db_table': 'api_tokens',
                'ordering': ['-created_at', '-pk'],
                'indexes': [models.Index(fields=['user', '-created_at'], name='api_token_of_user')],
                'constraints': [models.CheckConstraint(condition=models.Q(('expires_at', None), ('expires_at__gt', models.F('created_at')), _connector='OR'), name='token_expires_after_it_was_made', violation_error_message='The token must expire in the future.')],
            },
        ),
        migrations.CreateModel(
            name='CustomRole',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('name', models.CharField(max_length=100)),
                ('description', models.CharField(blank=True, max_length=300)),
                ('permissions', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('view', 'See assets, readings, anomalies, forecasts and maintenance'), ('admin.enter', 'Enter the admin, where plans and master data are kept'), ('readings.write', 'Send readings'), ('asset.edit', 'Change assets, sensors and relationships'), ('uptime.edit', 'Record when an asset was up or down'), ('site.edit', 'Change sites and asset groups'), ('anomaly.review', 'Acknowledge and judge anomalies'), ('recommendation.decide', 'Accept or dismiss recommendations'), ('work_order.plan', 'Create, assign and cancel work orders'), ('work_order.execute', 'Start and complete work orders'), ('schedule.edit', 'Change maintenance schedules'), ('job_plan.edit', 'Change job plans, which every part of the plant uses'), ('store.edit', 'Change spare parts, and book what comes in and what was counted'), ('request.make', 'Ask for work, and follow what was asked for'), ('technician.edit', 'Change technicians, their shifts and absences, service levels'), ('integration.edit', 'Manage device tokens and webhooks'), ('member.edit', 'Invite people, change their roles and take them out'), ('audit.view', 'Read and export the audit trail'), ('organization.edit', 'Change the organization and its settings')], max_length=40), blank=True, default=list, size=None)),
            ],
            options={
                'db_table': 'custom_roles',
                'ordering': ['name', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('id', 'organization'), name='custom_roles_id_organization'), models.UniqueConstraint(fields=('organization', 'name'), name='custom_role_unique')],
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('email', models.EmailField(max_length=254)),
                ('role', models.CharField(blank=True, choices=[('admin', 'Admin'), ('planner', 'Planner'), ('technician', 'Technician'), ('viewer', 'Viewer'), ('requester', 'Requester'), ('integration', 'Integration')], default='viewer', max_length=20)),
                ('custom_role', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='access.customrole')),
                ('coverage', models.CharField(choices=[('whole', 'Whole organization'), ('part', 'Some sites, groups or assets')], default='whole', max_length=10)),
                ('sites', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, size=None)),
                ('groups', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, size=None)),
                ('assets', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, size=None)),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('invited_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(editable=False)),
                ('expires_at', models.DateTimeField()),
                ('accepted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('accepted_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('revoked_at', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                'db_table': 'invitations',
                'ordering': ['-created_at', 'pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('accepted_at', None), ('revoked_at', None)), fields=('organization', 'email'), name='one_open_invitation_per_address'), models.CheckConstraint(condition=models.Q(models.Q(('custom_role', None), ('role__in', ['admin', 'planner', 'technician', 'viewer', 'requester', 'integration'])), models.Q(('custom_role__isnull', False), ('role', '')), _connector='OR'), name='invitation_role_or_custom_role', violation_error_message='Choose a role or a custom role, not both.'), opssight.accounts.constraints.SameOrganization(field='custom_role', name='invitations_custom_role_same_organization')],
            },
        ),
        migrations.CreateModel(
            name='StaffAccess',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reason', models.CharField(max_length=300)),
                ('started_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name_plural': 'staff access',
                'db_table': 'staff_access',
                'ordering': ['-started_at', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('started_at'))), name='staff_access_ends_after_its_start')],
            },
        ),
    ]
