import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.organization')),
                ('chain', models.GeneratedField(db_persist=True, expression=django.db.models.functions.comparison.Coalesce('organization_id', 0), output_field=models.BigIntegerField())),
                ('at', models.DateTimeField()),
                ('user', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('action', models.CharField(choices=[('create', 'Created'), ('update', 'Changed'), ('delete', 'Deleted'), ('login', 'Signed in'), ('login_failed', 'Sign-in failed'), ('lockout', 'Locked out'), ('logout', 'Signed out'), ('export', 'Exported'), ('purge', 'Old entries removed'), ('correct_readings', 'Readings corrected'), ('delete_readings', 'Readings deleted')], max_length=20)),
                ('subject', models.CharField(help_text='Table of the row that it is about.', max_length=63)),
                ('subject_id', models.CharField(help_text='Primary key of that row.', max_length=64)),
                ('label', models.CharField(help_text='Name of that row at the time.', max_length=300)),
                ('before', models.JSONField(null=True)),
                ('after', models.JSONField(null=True)),
                ('context', models.JSONField(help_text='Request, address, task, token and so on.')),
                ('position', models.BigIntegerField(help_text='Place in the chain, from 1 on.', null=True)),
                ('hash', models.CharField(help_text='SHA-256 in hex.', max_length=64, null=True)),
            ],
            options={
                'verbose_name_plural': 'audit entries',
                'db_table': 'audit_entries',
                'ordering': ['-pk'],
                'indexes': [models.Index(fields=['organization', '-id'], name='audit_entry_newest'), models.Index(fields=['organization', 'at'], name='audit_entry_by_time'), models.Index(fields=['organization', 'user', '-id'], name='audit_entry_by_user'), models.Index(fields=['organization', 'subject', 'subject_id', '-id'], name='audit_entry_of_row'), models.Index(condition=models.Q(('position', None)), fields=['chain', 'id'], name='audit_entry_not_sealed')],
                'constraints': [models.UniqueConstraint(fields=('chain', 'position'), name='one_entry_per_position'), models.CheckConstraint(condition=models.Q(models.Q(('hash', None), ('position', None)), models.Q(('hash__isnull', False), ('position__gt', 0)), _connector='OR'), name='audit_position_with_its_hash')],
            },
        ),
        migrations.CreateModel(
            name='AuditSeal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.organization')),
                ('chain', models.GeneratedField(db_persist=True, expression=django.db.models.functions.comparison.Coalesce('organization_id', 0), output_field=models.BigIntegerField())),
                ('first_position', models.BigIntegerField()),
                ('last_position', models.BigIntegerField()),
                ('hash', models.CharField(max_length=64)),
                ('sealed_at', models.DateTimeField()),
                ('purged_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'audit_seals',
                'ordering': ['chain', 'last_position'],
                'constraints': [models.UniqueConstraint(fields=('chain', 'last_position'), name='one_seal_per_position')],
            },
        ),
    ]
