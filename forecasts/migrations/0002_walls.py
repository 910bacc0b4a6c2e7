from django.db import migrations

from opssight.core.row_security import WallOff


class Migration(migrations.Migration):
    dependencies = [("core", "0001_walls"), ("forecasts", "0001_initial")]

    operations = [
        WallOff("forecasts"),
        WallOff("risk_scores"),
    ]
