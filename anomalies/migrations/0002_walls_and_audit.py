from django.db import migrations

from opssight.audit.triggers import Audit
from opssight.core.row_security import WallOff


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_walls"),
        ("audit", "0003_triggers"),
        ("anomalies", "0001_initial"),
    ]

    operations = [
        WallOff("anomalies"),
        WallOff("detector_states"),
        # What the detector keeps up while an anomaly goes on; its opening and end are recorded.
        Audit(
            "anomalies",
            quiet=["peak_at", "peak_value", "expected_value", "score", "explanation"],
        ),
    ]
