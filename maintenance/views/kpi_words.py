"""What the pages say of each KPI."""

from dataclasses import dataclass

from assets.models import AssetKpi

Kpi = AssetKpi.Kpi


@dataclass(frozen=True, slots=True)
class Words:
    """formula: how it is made; count: what it counts; missing: what it takes to be told."""

    formula: str
    count: str
    missing: str


_STATES = "Needs a day of recorded states, and"
WORDS = {
    Kpi.AVAILABILITY: Words(
        "Uptime ÷ (total time − idle time). Uptime is total time less idle time and downtime,"
        " planned or not.",
        "failures",
        "Needs at least a day of recorded states.",
    ),
    Kpi.AVAILABILITY_ISO: Words(
        "Actual production time ÷ planned busy time, of the production runs that ended in the"
        " period.",
        "production runs",
        "Needs production runs of assets whose states are recorded.",
    ),
    Kpi.INHERENT_AVAILABILITY: Words(
        "MTBF ÷ (MTBF + MTTR): what the machine would reach without planned stops.",
        "failures",
        f"{_STATES} a failure that was repaired.",
    ),
    Kpi.MTBF: Words(
        "Uptime ÷ number of failures that began in the period.",
        "failures",
        f"{_STATES} a failure.",
    ),
    Kpi.MTTR: Words(
        "Time down because of a failure ÷ number of restorations in the period.",
        "restorations",
        "Needs a failure that was repaired.",
    ),
    Kpi.MTTR_SMRP: Words(
        "Time from start to completion of corrective work ÷ number of repairs. Work that was"
        " reported in one step counts with its labor.",
        "repairs",
        "Needs completed corrective work.",
    ),
    Kpi.OEE: Words(
        "Availability × effectiveness × quality ratio, of the production runs that ended in the"
        " period.",
        "production runs",
        "Needs production runs.",
    ),
    Kpi.CORRECTIVE_RATIO: Words(
        "Corrective labor ÷ (corrective + preventive labor), of the work completed in the period.",
        "jobs",
        "Needs completed work with labor.",
    ),
    Kpi.SCHEDULE_COMPLIANCE: Words(
        "Orders completed in the week they were planned for ÷ orders planned. Good: 85 to 95 %.",
        "orders planned",
        "Needs orders with a planned start, or of a schedule, whose week is over.",
    ),
    Kpi.PM_COMPLIANCE: Words(
        "Preventive and predictive orders completed by their due date and grace ÷ those due."
        " Goal: 90 % or more.",
        "orders due",
        "Needs preventive orders that were due.",
    ),
    Kpi.BACKLOG: Words(
        "Estimated labor of orders that are planned and not begun at the end of the period ÷"
        " weekly capacity of the whole crew.",
        "orders",
        "Needs technicians with a weekly capacity.",
    ),
    Kpi.REWORK: Words(
        "Labor of corrective work begun within 30 days after work on the same asset and failure"
        " mode was completed ÷ all labor.",
        "jobs done again",
        "Needs completed work with labor.",
    ),
}
INPUTS = {
    "up_hours": "Uptime, h",
    "down_hours": "Downtime, h",
    "idle_hours": "Idle time, h",
    "total_hours": "Total time, h",
    "failures": "Failures",
    "repair_hours": "Repair time, h",
    "restorations": "Restorations",
    "repairs": "Repairs",
    "production_hours": "Actual production time, h",
    "planned_busy_hours": "Planned busy time, h",
    "ideal_hours": "Ideal time of all units, h",
    "ideal_hours_of_good_units": "Ideal time of good units, h",
    "runs": "Production runs",
    "corrective_hours": "Corrective labor, h",
    "preventive_hours": "Preventive labor, h",
    "performed_as_scheduled": "Completed in their week",
    "scheduled": "Orders planned",
    "on_time": "Completed on time",
    "due": "Orders due",
    "backlog_hours": "Planned labor, h",
    "orders": "Orders",
    "weekly_capacity_hours": "Weekly capacity of the crew, h",
    "rework_hours": "Labor of rework, h",
    "labor_hours": "All labor, h",
}
