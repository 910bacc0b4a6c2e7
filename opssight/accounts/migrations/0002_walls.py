from django.db import migrations

from opssight.core.row_security import WallOff


class Migration(migrations.Migration):
    dependencies = [("core", "0001_walls"), ("accounts", "0001_initial")]

    operations = [
        WallOff(
            "organizations",
            visible="id = ANY ((SELECT opssight_organizations())::bigint[])",
        ),
        WallOff("memberships"),
    ]
