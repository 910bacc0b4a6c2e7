from django.db import migrations

from opssight.audit.triggers import Audit
from opssight.core.row_security import BY_DIGEST, OF_ORGANIZATION, WallOff

BY_LINK = f"{OF_ORGANIZATION} OR {BY_DIGEST}"
TABLES = (
    "technician_shifts",
    "technician_absences",
    "service_levels",
    "part_reservations",
    "job_plans",
    "job_plan_tasks",
    "job_plan_parts",
    "work_order_assets",
    "work_order_blocks",
    "attachments",
    "work_order_comments",
    "work_order_tasks",
    "labor_entries",
    "other_costs",
    "work_order_downtimes",
)
LINES = """
INSERT INTO work_order_assets (organization_id, work_order_id, asset_id, position, result, notes)
SELECT organization_id, id, asset_id, 1,
    CASE WHEN status IN ('completed', 'closed') THEN 'done' ELSE 'pending' END, ''
FROM work_orders
"""


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_walls"),
        ("audit", "0003_triggers"),
        ("maintenance", "0003_from_request_to_proof"),
    ]

    operations = [
        # Every order has a line for its asset; from here on a trigger sees to it.
        migrations.RunSQL(LINES, migrations.RunSQL.noop),
        *(WallOff(table) for table in TABLES),
        WallOff("parts"),
        WallOff("stock_movements"),
        WallOff("work_order_transitions"),
        WallOff("schedule_meters"),
        WallOff("schedule_conditions"),
        # The form of an asset and the state of a request are shown to whoever holds their link.
        WallOff("request_points", visible=BY_LINK, writable=OF_ORGANIZATION),
        WallOff("work_requests", visible=BY_LINK, writable=OF_ORGANIZATION),
        *(Audit(table) for table in TABLES),
        Audit("parts", quiet=["on_hand"]),
        Audit("stock_movements"),
        Audit("schedule_meters", quiet=["daily_use", "due_at", "reached_at"]),
        Audit("schedule_conditions", quiet=["since", "met_at"]),
        Audit("request_points", hide=["key"]),
        Audit("work_requests"),
    ]
