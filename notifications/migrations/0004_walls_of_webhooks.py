from django.db import migrations

from opssight.core.row_security import WallOff


class Migration(migrations.Migration):
    dependencies = [("core", "0001_walls"), ("notifications", "0003_webhooks")]

    operations = [
        WallOff("webhooks"),
        WallOff("webhook_events"),
        WallOff("webhook_deliveries"),
        WallOff("webhook_attempts"),
    ]
