from django.db import migrations

from opssight.core.row_security import WallOff


class Migration(migrations.Migration):
    dependencies = [("core", "0001_walls"), ("maintenance", "0001_initial")]

    operations = [
        WallOff("technicians"),
        WallOff("maintenance_schedules"),
        WallOff("maintenance_recommendations"),
        WallOff("work_order_counters"),
        WallOff("work_orders"),
        WallOff("maintenance_history"),
    ]
