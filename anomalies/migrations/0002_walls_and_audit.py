from django.db import migrations

from opssight.accounts.constraints import SameOrganization
from opssight.audit.triggers import Audit
from opssight.core.row_security import WallOff


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_walls"),
        ("audit", "0003_triggers"),
        ("anomalies", "0001_initial"),
    ]

    operations = [
        # Of tables that refer to each other.
        migrations.AddConstraint(
            model_name="anomaly",
            constraint=SameOrganization(
                field="incident", name="anomalies_incident_same_organization"
            ),
        ),
        WallOff("anomalies"),
        WallOff("incidents"),
        WallOff("detector_states"),
        WallOff("machine_models"),
        WallOff("sensor_watches"),
        WallOff("sensor_labels"),
        WallOff("limit_templates"),
        WallOff("sensor_limits"),
        WallOff("limit_states"),
        # What the detector keeps up while an anomaly goes on; its opening and end are recorded.
        Audit(
            "anomalies",
            quiet=[
                "peak_at",
                "peak_value",
                "expected_value",
                "score",
                "explanation",
                "contributions",
            ],
        ),
        Audit("incidents"),
        Audit("sensor_watches"),
        Audit("sensor_labels"),
        Audit("limit_templates"),
        Audit("sensor_limits"),
    ]
