"""Which sensors a template of limits fits, and what it would change of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from anomalies.detectors.explanation import duration
from anomalies.models import LIMIT_RULE, LimitTemplate, SensorLimits
from assets.models import Sensor
from opssight.accounts.models import User
from opssight.accounts.permissions import Permission

MOST_SHOWN = 500
DAYS = 30
LABELS = {
    "high_high": "High-high",
    "high": "High",
    "low": "Low",
    "low_low": "Low-low",
    "severity": "Severity of high and low",
    "outer_severity": "Severity of high-high and low-low",
    "deadband": "Deadband",
    "on_delay": "Delay before an alarm",
    "off_delay": "Delay before it ends",
    "rise_per_hour": "Fastest rise in an hour",
    "fall_per_hour": "Fastest fall in an hour",
    "rate_window": "Change over",
    "rate_severity": "Severity of a fast change",
}
"""What each figure of a sensor or template is called; in the order in which they are shown."""

_BEYOND = """
SELECT d.sensor_id, count(*) FROM asset_metrics_daily d
JOIN unnest(%s::bigint[]) AS s (id) ON s.id = d.sensor_id
WHERE d.bucket >= %s AND (d.max > %s::float8 OR d.min < %s::float8)
GROUP BY d.sensor_id
"""


def limits_of(sensor: Sensor) -> SensorLimits:
    """Those that are kept, or the usual ones."""
    return getattr(sensor, "limits", None) or SensorLimits(
        organization_id=sensor.organization_id, asset_id=sensor.asset_id, sensor=sensor
    )


@dataclass(frozen=True, slots=True)
class Change:
    """One figure of a sensor that the template has otherwise; None: nothing is set."""

    name: str
    now: Any
    then: Any

    @property
    def text(self) -> str:
        return f"{LABELS[self.name]}: {spoken(self.now)} → {spoken(self.then)}"


def figures_of(template: LimitTemplate) -> list[tuple[str, str]]:
    """What the template sets, by label."""
    values = ((name, getattr(template, name)) for name in LABELS)
    return [(LABELS[name], spoken(value)) for name, value in values if value]


def spoken(value: Any) -> str:
    """
    >>> spoken(4.5), spoken(timedelta(minutes=5)), spoken(timedelta()), spoken(None), spoken("low")
    ('4.5', '5 min', 'none', 'none', 'Low')
    """
    if not value and value != 0:
        return "none"
    if isinstance(value, timedelta):
        return duration(value.total_seconds())
    return str(value).capitalize() if isinstance(value, str) else f"{value:g}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sensor that a template fits.

    follows      its limits were taken from the template
    changes      what applying it would change; none: it has these figures
    days_beyond  days of the last `DAYS` with a reading beyond the template's high or low limit
    """

    sensor: Sensor
    follows: bool
    changes: tuple[Change, ...]
    days_beyond: int


def fitting(template: LimitTemplate, user: User) -> "list[Sensor]":
    """Active sensors of its quantity, unit, category and group whose asset the user may change."""
    rows = Sensor.objects.for_user(user, Permission.ASSET_EDIT).filter(
        organization=template.organization_id,
        quantity__iexact=template.quantity,
        unit=template.unit,
        kind=Sensor.Kind.GAUGE,
        is_active=True,
    )
    if template.category:
        rows = rows.filter(asset__category__icontains=template.category)
    if template.group_id is not None:
        rows = rows.filter(asset__group_members__group=template.group_id)
    rows = rows.select_related("asset", "limits").order_by("asset__tag", "key", "pk")
    return list(rows[:MOST_SHOWN])


def candidates(template: LimitTemplate, user: User, at: datetime) -> list[Candidate]:
    """What applying the template would change, sensor by sensor. Two queries."""
    sensors = fitting(template, user)
    beyond = _days_beyond(template, [sensor.pk for sensor in sensors], at)
    return [
        Candidate(
            sensor=sensor,
            follows=limits_of(sensor).template_id == template.pk,
            changes=tuple(_changes(template, sensor)),
            days_beyond=beyond.get(sensor.pk, 0),
        )
        for sensor in sensors
    ]


def followers(template: LimitTemplate, user: User) -> Sequence[Sensor]:
    """Sensors that the user may see whose limits were taken from the template."""
    rows = Sensor.objects.for_user(user).filter(limits__template=template)
    return list(rows.select_related("asset", "limits").order_by("asset__tag", "key", "pk"))


def differs(template: LimitTemplate, sensor: Sensor) -> bool:
    """Whether a sensor has other figures than the template."""
    return bool(_changes(template, sensor))


def templates_for(sensor: Sensor) -> list[LimitTemplate]:
    """Those of its organization that fit the sensor, whatever its asset's group."""
    rows = LimitTemplate.objects.filter(
        organization=sensor.organization_id, quantity__iexact=sensor.quantity, unit=sensor.unit
    )
    category = sensor.asset.category.lower()
    groups = set(sensor.asset.group_members.values_list("group", flat=True))
    return [
        row
        for row in rows
        if row.category.lower() in category and (row.group_id is None or row.group_id in groups)
    ]


def _changes(template: LimitTemplate, sensor: Sensor) -> list[Change]:
    own = limits_of(sensor)
    now = {"low": sensor.low_limit, "high": sensor.high_limit}
    now |= {name: getattr(own, name) for name in LIMIT_RULE}
    return [
        Change(name, value, getattr(template, name))
        for name, value in now.items()
        if value != getattr(template, name)
    ]


def _days_beyond(template: LimitTemplate, ids: Collection[int], at: datetime) -> dict[int, int]:
    high, low = template.high, template.low
    high = template.high_high if high is None else high
    low = template.low_low if low is None else low
    since = at - timedelta(days=DAYS)
    with connection.cursor() as cursor:
        cursor.execute(_BEYOND, [list(ids), since, high, low])
        return dict(cursor.fetchall())
