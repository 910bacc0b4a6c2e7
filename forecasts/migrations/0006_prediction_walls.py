from django.db import migrations

from opssight.core.row_security import WallOff


class Migration(migrations.Migration):
    dependencies = [("core", "0001_walls"), ("forecasts", "0005_predictions")]

    operations = [WallOff("life_predictions"), WallOff("failure_chances")]
