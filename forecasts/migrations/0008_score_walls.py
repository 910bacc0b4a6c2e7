from django.db import migrations

from opssight.core.row_security import WallOff


class Migration(migrations.Migration):
    dependencies = [("core", "0001_walls"), ("forecasts", "0007_forecast_scores")]

    operations = [WallOff("forecast_scores")]
