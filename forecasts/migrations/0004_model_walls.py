from django.db import migrations

from opssight.core.row_security import WallOff


class Migration(migrations.Migration):
    dependencies = [("core", "0001_walls"), ("forecasts", "0003_model_versions")]

    operations = [WallOff("model_versions")]
