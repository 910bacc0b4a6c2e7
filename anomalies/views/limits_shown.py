"""The limits of a sensor as its page shows them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from anomalies.forms import TemplateForm
from anomalies.queries import limits as queries
from assets.models import Sensor
from maintenance.models import Urgency


@dataclass(frozen=True, slots=True)
class Shown:
    label: str
    value: float
    unit: str
    severity: str


def limits_shown(sensor: Sensor, *, may_add: bool) -> dict[str, Any]:
    """`may_add`: whether a standard can be made a template of the organization."""
    limits = queries.limits_of(sensor)
    choosing = TemplateForm(templates=queries.templates_for(sensor), may_add=may_add)
    counts = sensor.kind == Sensor.Kind.COUNTER
    hourly = f"{sensor.unit}/h"
    rows = [
        ("High-high", limits.high_high, sensor.unit, limits.outer_severity),
        ("High", sensor.high_limit, sensor.unit, limits.severity),
        ("Low", sensor.low_limit, sensor.unit, limits.severity),
        ("Low-low", limits.low_low, sensor.unit, limits.outer_severity),
    ]
    changes = [
        ("Fastest rise", limits.rise_per_hour, hourly, limits.rate_severity),
        ("Fastest fall", limits.fall_per_hour, hourly, limits.rate_severity),
    ]
    shown = [*(() if counts else rows), *changes]
    template = limits.template
    return {
        "limits": limits,
        "limits_shown": [Shown(label, value, *rest) for label, value, *rest in _set(shown)],
        "delay_minutes": limits.on_delay / timedelta(minutes=1),
        "differs_from_template": template is not None and queries.differs(template, sensor),
        "choosing": None if counts or not choosing.offered else choosing,
    }


def _set(rows: list[Any]) -> list[tuple[str, float, str, str]]:
    return [
        (label, value, unit, Urgency(severity).label)
        for label, value, unit, severity in rows
        if value is not None
    ]
