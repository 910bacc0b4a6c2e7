from django.db import migrations

from opssight.core.row_security import WallOff


class Migration(migrations.Migration):
    dependencies = [("core", "0001_walls"), ("assets", "0002_access_scopes")]

    operations = [
        WallOff("sites"),
        WallOff("assets"),
        WallOff("sensors"),
        WallOff("uptime_events"),
        WallOff("asset_kpis"),
        WallOff("asset_relationships"),
        WallOff("asset_groups"),
        WallOff("asset_group_members"),
        WallOff("access_scopes"),
    ]
