import django.db.models.deletion
import opssight.accounts.constraints
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("access", "0001_initial"), ("accounts", "0002_walls")]

    operations = [
        migrations.AddField(
            model_name='membership',
            name='custom_role',
            field=models.ForeignKey(blank=True, help_text='Instead of a role: a set of permissions of your own.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='access.customrole'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('custom_role', None), ('role__in', ['admin', 'planner', 'technician', 'viewer', 'requester', 'integration'])), models.Q(('custom_role__isnull', False), ('role', '')), _connector='OR'), name='role_or_custom_role', violation_error_message='Choose a role or a custom role, not both.'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=opssight.accounts.constraints.SameOrganization(field='custom_role', name='memberships_custom_role_same_organization'),
        ),
    ]
