from django.db import migrations

from opssight.core.row_security import WallOff


class Migration(migrations.Migration):
    dependencies = [("core", "0001_walls"), ("accounts", "0002_roles_and_coverage")]

    operations = [
        WallOff(
            "organizations",
            visible="id = ANY ((SELECT opssight_organizations())::bigint[])",
        ),
        WallOff("memberships"),
    ]
