import django.contrib.auth.models
import django.contrib.auth.validators
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import opssight.accounts.models
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='EndedSignIn',
            fields=[
                ('key', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(db_index=True)),
            ],
            options={
                'db_table': 'ended_sign_ins',
            },
        ),
        migrations.CreateModel(
            name='Organization',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, unique=True)),
                ('slug', models.SlugField(unique=True)),
                ('timezone', models.CharField(default='UTC', max_length=50, validators=[opssight.accounts.models.validate_timezone])),
                ('currency', models.CharField(default='EUR', max_length=3, validators=[django.core.validators.RegexValidator('^[A-Z]{3}\\Z', 'Use an ISO 4217 code such as EUR or USD.')])),
                ('failure_codes_from', models.PositiveSmallIntegerField(default=4, help_text="Work after a failure is completed with mode, cause and mechanism (ISO 14224) where the asset's criticality is this or more; 6: never.", validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(6)])),
            ],
            options={
                'db_table': 'organizations',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('is_machine', models.BooleanField(default=False, editable=False)),
                ('token_version', models.PositiveIntegerField(default=0, editable=False, help_text='Counts up to end every session and JWT of the user at once.')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'db_table': 'users',
                'abstract': False,
            },
            managers=[
                ('objects', django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='accounts.organization')),
                ('role', models.CharField(blank=True, choices=[('admin', 'Admin'), ('planner', 'Planner'), ('technician', 'Technician'), ('viewer', 'Viewer'), ('requester', 'Requester'), ('integration', 'Integration')], default='viewer', max_length=20)),
                ('coverage', models.CharField(choices=[('whole', 'Whole organization'), ('part', 'Some sites, groups or assets')], default='whole', max_length=10)),
            ],
            options={
                'db_table': 'memberships',
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('id', 'organization'), name='memberships_id_organization'), models.UniqueConstraint(fields=('user', 'organization'), name='one_membership_per_organization')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='token_version_only_rises', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."token_version" < (OLD."token_version"))', func='NEW.token_version = OLD.token_version; RETURN NEW;', hash='4e50a12faf8b712d690372427e633ccc794a942f', operation='UPDATE OF "token_version"', pgid='pgtrigger_token_version_only_rises_18cb0', table='users', when='BEFORE')),
        ),
    ]
