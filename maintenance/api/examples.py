"""Bodies that the API's pages offer: the loop from a recommendation to its proof."""

from drf_spectacular.utils import OpenApiExample

ACCEPT = OpenApiExample(
    "Plan it for a technician",
    value={"technician": 1, "due_at": "2026-03-04T15:00:00Z"},
    request_only=True,
)
DISMISS = OpenApiExample(
    "No work needed",
    value={"reason": "The sensor was calibrated at that time."},
    request_only=True,
)
SNOOZE = OpenApiExample(
    "After the shutdown",
    value={"until": "2026-03-16T06:00:00Z"},
    request_only=True,
)
JUDGE = OpenApiExample(
    "It was something else",
    value={"verdict": "confirmed", "failure_mode": "misalignment"},
    request_only=True,
)
CREATE_WORK_ORDER = OpenApiExample(
    "A job for next week",
    value={
        "asset": 1,
        "title": "Replace the mechanical seal",
        "maintenance_type": "corrective",
        "priority": "high",
        "technician": 1,
        "due_at": "2026-03-10T15:00:00Z",
    },
    request_only=True,
)
COMPLETE = OpenApiExample(
    "Found and repaired",
    value={
        "notes": "Outer race worn. Bearing replaced, grease renewed.",
        "labor_minutes": 90,
        "downtime_minutes": 45,
        "verdict": "confirmed",
    },
    request_only=True,
)
COMPLETE_BY_STATUS = OpenApiExample(
    "Complete by status",
    value={"status": "completed", "notes": "Bearing replaced.", "verdict": "confirmed"},
    request_only=True,
)
