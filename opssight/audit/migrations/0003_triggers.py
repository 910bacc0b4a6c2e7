"""Which tables are audited. A table of a later migration brings its own `Audit`."""

from django.db import migrations

from opssight.audit.triggers import Audit


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_functions"),
        ("accounts", "0003_walls"),
        ("access", "0002_walls"),
        ("assets", "0003_walls"),
        ("maintenance", "0002_walls"),
        ("anomalies", "0002_walls"),
    ]

    operations = [
        Audit("organizations", organization="id"),
        Audit("users", person="id", quiet=["last_login"]),
        Audit("memberships"),
        Audit("custom_roles"),
        Audit("invitations"),
        Audit("api_tokens", quiet=["last_used_at", "last_used_from"]),
        Audit("staff_access"),
        Audit("access_scopes"),
        Audit("sites"),
        Audit("assets", quiet=["current_risk", "next_due_at", "last_maintenance_at"]),
        Audit("asset_groups"),
        Audit("asset_group_members"),
        Audit("asset_relationships"),
        Audit("sensors", quiet=["last_time", "last_value"]),
        Audit("uptime_events"),
        Audit("technicians"),
        Audit("maintenance_schedules"),
        Audit("maintenance_recommendations"),
        Audit("work_orders"),
        Audit("maintenance_history"),
        # What the detector keeps up while an anomaly goes on; its opening and end are recorded.
        Audit(
            "anomalies",
            quiet=["peak_at", "peak_value", "expected_value", "score", "explanation"],
        ),
    ]
