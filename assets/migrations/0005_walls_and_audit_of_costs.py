from django.db import migrations

from opssight.audit.triggers import Audit
from opssight.core.row_security import WallOff


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_walls"),
        ("audit", "0003_triggers"),
        ("assets", "0004_costs_and_kpis"),
    ]

    operations = [
        WallOff("stale_kpis"),
        WallOff("production_runs"),
        Audit("production_runs"),
    ]
