"""What of a sensor is judged by its limits: the settings as rules of the pure judges."""

from dataclasses import replace

from anomalies.detectors.base import Floats
from anomalies.detectors.events import Severity
from anomalies.limits.levels import Direction, Line
from anomalies.models import SensorLimits
from anomalies.services.ending import rule_for
from anomalies.services.recording import Method
from assets.models import Sensor

DEADBAND = 0.02
"""Of a limit, where none is set: what ISA-18.2's practice takes for pressures."""

RATE_DEADBAND = 0.1
"""Of a limit of change: rates are noisy."""

Side = tuple[Method, str]
SIDES: tuple[Side, ...] = (
    (Method.LIMIT, "high"),
    (Method.LIMIT, "low"),
    (Method.RATE, "high"),
    (Method.RATE, "low"),
)


def may_alarm(sensor: Sensor, limits: SensorLimits | None, values: Floats) -> bool:
    """Whether values can begin an alarm: quickly told, as most of them cannot."""
    if limits is not None and (limits.rise_per_hour or limits.fall_per_hour):
        return True
    high, low = sensor.high_limit, sensor.low_limit
    if limits is not None:
        high = _nearest(high, limits.high_high, is_low=False)
        low = _nearest(low, limits.low_low, is_low=True)
    return (high is not None and bool(values.max() > high)) or (
        low is not None and bool(values.min() < low)
    )


def _nearest(inner: float | None, outer: float | None, *, is_low: bool) -> float | None:
    known = [value for value in (inner, outer) if value is not None]
    if not known:
        return None
    return max(known) if is_low else min(known)


def rules_of(sensor: Sensor, limits: SensorLimits) -> dict[Side, Direction]:
    """By side what is judged; nothing of sides without a limit. A counter's value has no limits."""
    high, low = (sensor.high_limit, limits.high_high), (sensor.low_limit, limits.low_low)
    if sensor.kind == Sensor.Kind.COUNTER:
        high = low = (None, None)
    fall = None if limits.fall_per_hour is None else -limits.fall_per_hour
    rules = {
        SIDES[0]: _direction(sensor, limits, "high", *high),
        SIDES[1]: _direction(sensor, limits, "low", *low),
        SIDES[2]: _rate(sensor, limits, limits.rise_per_hour, is_low=False),
        SIDES[3]: _rate(sensor, limits, fall, is_low=True),
    }
    return {side: rule for side, rule in rules.items() if rule is not None}


def _direction(
    sensor: Sensor, limits: SensorLimits, side: str, inner: float | None, outer: float | None
) -> Direction | None:
    lines = []
    if inner is not None:
        lines.append(Line(inner, Severity(limits.severity), side))
    if outer is not None:
        lines.append(Line(outer, Severity(limits.outer_severity), f"{side}-{side}"))
    if not lines:
        return None
    is_low = side == "low"
    lines.sort(key=lambda line: line.value, reverse=is_low)
    deadband = DEADBAND * abs(lines[0].value) if limits.deadband is None else limits.deadband
    return _delayed(Direction(tuple(lines), is_low=is_low, deadband=deadband), sensor, limits)


def _rate(
    sensor: Sensor, limits: SensorLimits, change: float | None, *, is_low: bool
) -> Direction | None:
    if change is None:
        return None
    line = Line(change, Severity(limits.rate_severity))
    rule = Direction((line,), is_low=is_low, deadband=RATE_DEADBAND * abs(change))
    return _delayed(rule, sensor, limits)


def _delayed(rule: Direction, sensor: Sensor, limits: SensorLimits) -> Direction:
    return replace(
        rule,
        on_delay=limits.on_delay.total_seconds(),
        off_delay=limits.off_delay.total_seconds(),
        gap=rule_for(sensor).gap,
    )
