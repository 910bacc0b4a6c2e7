from django.db import migrations

from opssight.audit.triggers import Audit
from opssight.core.row_security import WallOff


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_walls"),
        ("audit", "0003_triggers"),
        ("assets", "0001_initial"),
    ]

    operations = [
        WallOff("sites"),
        WallOff("assets"),
        WallOff("sensors"),
        WallOff("uptime_events"),
        WallOff("asset_kpis"),
        WallOff("stale_kpis"),
        WallOff("production_runs"),
        WallOff("asset_relationships"),
        WallOff("asset_groups"),
        WallOff("asset_group_members"),
        WallOff("access_scopes"),
        Audit("access_scopes"),
        Audit("sites"),
        Audit("assets", quiet=["current_risk", "next_due_at", "last_maintenance_at"]),
        Audit("asset_groups"),
        Audit("asset_group_members"),
        Audit("asset_relationships"),
        Audit("sensors", quiet=["last_time", "last_value"]),
        Audit("uptime_events"),
        Audit("production_runs"),
    ]
