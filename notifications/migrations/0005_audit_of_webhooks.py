from django.db import migrations

from opssight.audit.triggers import Audit


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_triggers"), ("notifications", "0004_walls_of_webhooks")]

    operations = [
        # Secrets are encrypted; that one was changed is recorded, and no more.
        Audit("webhooks", quiet=["failing_since"], hide=["previous_secret"]),
    ]
