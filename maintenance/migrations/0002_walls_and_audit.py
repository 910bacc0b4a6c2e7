from django.db import migrations

from opssight.accounts.constraints import SameOrganization
from opssight.audit.triggers import Audit
from opssight.core.row_security import BY_DIGEST, OF_ORGANIZATION, WallOff

BY_LINK = f"{OF_ORGANIZATION} OR {BY_DIGEST}"
KEPT_CURRENT = (
    "rank",
    "rank_parts",
    "confidence",
    "cost_of_waiting",
    "cost_inputs",
    "evidence",
    "expected_at",
)
TABLES = (
    "technicians",
    "technician_shifts",
    "technician_absences",
    "service_levels",
    "maintenance_history",
    "part_reservations",
    "stock_movements",
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


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_walls"),
        ("audit", "0003_triggers"),
        ("maintenance", "0001_initial"),
    ]

    operations = [
        # Of tables that refer to each other.
        migrations.AddConstraint(
            model_name="recommendation",
            constraint=SameOrganization(
                field="work_order", name="maintenance_recommendations_work_order_same_organization"
            ),
        ),
        migrations.AddConstraint(
            model_name="attachment",
            constraint=SameOrganization(
                field="request", name="attachments_request_same_organization"
            ),
        ),
        *(WallOff(table) for table in TABLES),
        WallOff("maintenance_schedules"),
        WallOff("schedule_meters"),
        WallOff("schedule_conditions"),
        WallOff("maintenance_recommendations"),
        WallOff("work_orders"),
        WallOff("work_order_counters"),
        WallOff("work_order_transitions"),
        WallOff("parts"),
        WallOff("request_mails"),
        # The form of an asset and the state of a request are shown to whoever holds their link.
        WallOff("request_points", visible=BY_LINK, writable=OF_ORGANIZATION),
        WallOff("work_requests", visible=BY_LINK, writable=OF_ORGANIZATION),
        *(Audit(table) for table in TABLES),
        # What the product keeps up by itself would drown what people change.
        Audit("maintenance_schedules", quiet=["next_due_at"]),
        Audit(
            "schedule_meters",
            quiet=["daily_use", "due_at", "reached_at", "read_at", "read_value"],
        ),
        Audit("schedule_conditions", quiet=["since", "met_at", "served_since", "read_at"]),
        Audit("maintenance_recommendations", quiet=KEPT_CURRENT),
        Audit("work_orders", quiet=["told_due_soon", "told_overdue", "told_response"]),
        Audit("parts", quiet=["on_hand"]),
        Audit("request_points", hide=["key"]),
        Audit("work_requests"),
    ]
