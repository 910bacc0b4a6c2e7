from django.db import migrations

from opssight.audit.triggers import Audit
from opssight.core.row_security import WallOff


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_walls"),
        ("audit", "0003_triggers"),
        ("notifications", "0001_initial"),
    ]

    operations = [
        WallOff("notifications"),
        WallOff("webhooks"),
        WallOff("webhook_events"),
        WallOff("webhook_deliveries"),
        WallOff("webhook_attempts"),
        # Secrets are encrypted; that one was changed is recorded, and no more.
        Audit("webhooks", quiet=["failing_since"], hide=["previous_secret"]),
    ]
