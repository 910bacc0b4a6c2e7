from django.db import migrations

from opssight.audit.triggers import Audit
from opssight.core.row_security import WallOff


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_walls"),
        ("audit", "0003_triggers"),
        ("telemetry", "0001_initial"),
    ]

    operations = [
        WallOff("telemetry_policies"),
        WallOff("signals"),
        WallOff("unknown_signals"),
        WallOff("held_readings"),
        WallOff("quality_faults"),
        WallOff("quality_states"),
        WallOff("comparisons"),
        WallOff("comparison_lines"),
        Audit("telemetry_policies"),
        Audit("signals"),
        Audit("comparisons"),
        Audit("comparison_lines"),
    ]
