"""Alarms of limits and of rates of change, in the transaction that scores the same readings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from anomalies.detectors.base import Bools
from anomalies.detectors.events import EventRule, Severity
from anomalies.limits.levels import Alarm, Direction, Line, Raised, alarms_in
from anomalies.limits.rates import Past, counted, rates_in
from anomalies.limits.words import describe_level, describe_rate
from anomalies.models import LimitState, SensorLimits
from anomalies.services import incidents
from anomalies.services.ending import SPLIT_AFTER, end, rule_for
from anomalies.services.limit_rules import SIDES, Side, may_alarm, rules_of
from anomalies.services.recording import Found, Key, Method, anomalies_at, moment, spoken
from assets.models import Sensor
from assets.queries import NO_READINGS, Readings

NAMES = {Method.LIMIT: "alarm limits", Method.RATE: "rate of change"}


@dataclass(slots=True)
class Judging:
    """One sensor on its way through a batch."""

    sensor: Sensor
    limits: SensorLimits
    state: LimitState
    rules: dict[Side, Direction]
    alarms: dict[Side, Alarm]

    @property
    def going_on(self) -> list[tuple[str, datetime]]:
        """Method and start of the alarms that have not ended."""
        events = [(side[0].value, alarm.event) for side, alarm in self.alarms.items()]
        return [(method, moment(event.start)) for method, event in events if event is not None]

    @property
    def window(self) -> float:
        return self.limits.rate_window.total_seconds()

    @property
    def has_rates(self) -> bool:
        return any(method == Method.RATE for method, _ in self.rules)


def found_in(
    sensors: Iterable[Sensor],
    batches: Mapping[int, Readings],
    ignored: Mapping[int, Bools],
    at: datetime,
) -> list[Found]:
    """The alarms, new or changed, in new readings by sensor id; what is carried is kept.

    `ignored`, by sensor id: which of its readings say nothing of its machine. To be called by who
    holds the detector states of the sensors. Readings that were judged before are passed over.
    """
    going = _judging(sensors, batches)
    if not going:
        return []
    _split_closed(going, at)
    found: list[Found] = []
    kept: list[LimitState] = []
    for one in going:
        batch = batches[one.sensor.pk]
        was_idle = not one.state.state
        new = batch.seconds > one.state.judged_until.timestamp()
        found += pass_over(one, batch, ignored[one.sensor.pk] | ~new, at)
        if not was_idle or one.state.state:
            kept.append(one.state)
    keep(kept)
    return found


def anew(sensor: Sensor) -> Judging:
    """A sensor of whose alarms nothing is remembered. A query."""
    own = SensorLimits.objects.filter(sensor=sensor).first() or SensorLimits()
    state = _blank(sensor)
    return Judging(sensor, own, state, rules_of(sensor, own), _alarms(state))


def pass_over(one: Judging, batch: Readings, ignored: Bools, at: datetime) -> list[Found]:
    """Move what is carried past the batch, in memory; returns the alarms, new or changed."""
    past, raised = _judge(one, Readings(batch.times[~ignored], batch.values[~ignored]))
    found = [_found(one, side, item, at) for side, item in raised]
    _carry(one, past)
    one.state.judged_until = max(one.state.judged_until, moment(float(batch.seconds[-1])))
    return found


def keep(states: Iterable[LimitState]) -> None:
    LimitState.objects.bulk_create(
        states,
        update_conflicts=True,
        unique_fields=["sensor"],
        update_fields=["judged_until", "state", "has_alarm"],
    )


def _judging(sensors: Iterable[Sensor], batches: Mapping[int, Readings]) -> list[Judging]:
    """Those whose alarms go on, may begin or are to be ended, or whose changes count. Two queries.

    The others, nearly all, are left out: for them nothing is carried.
    """
    by_id = {sensor.pk: sensor for sensor in sensors if len(batches.get(sensor.pk, NO_READINGS))}
    limits = {row.sensor_id: row for row in SensorLimits.objects.filter(sensor__in=by_id)}
    states = {row.sensor_id: row for row in LimitState.objects.filter(sensor__in=by_id)}
    found = []
    for pk, sensor in by_id.items():
        own, state = limits.get(pk), states.get(pk)
        goes_on = state is not None and bool(state.state)
        if not goes_on and not may_alarm(sensor, own, batches[pk].values):
            continue
        own = own or SensorLimits()
        state = state or _blank(sensor)
        found.append(Judging(sensor, own, state, rules_of(sensor, own), _alarms(state)))
    return found


def _blank(sensor: Sensor) -> LimitState:
    return LimitState(
        organization_id=sensor.organization_id,
        asset_id=sensor.asset_id,
        sensor=sensor,
        judged_until=moment(0.0),
    )


def _alarms(state: LimitState) -> dict[Side, Alarm]:
    kept: dict[str, Any] = state.state.get("alarms", {})
    return {side: Alarm.from_json(kept.get(_name(side))) for side in SIDES}


def _name(side: Side) -> str:
    return f"{side[0].value}_{side[1]}"


def _judge(one: Judging, batch: Readings) -> tuple[Past, list[tuple[Side, Raised]]]:
    """What rates are to be compared with next, and the alarms; those carried move on."""
    past = Past.from_json(one.state.state.get("past"))
    times, values, rates = batch.seconds, batch.values, batch.values
    if one.has_rates:
        if one.sensor.kind == Sensor.Kind.COUNTER:
            past, values = counted(past, values, one.sensor.rolls_over_at)
        past, rates = rates_in(past, times, values, one.window)
    raised: list[tuple[Side, Raised]] = []
    for side in SIDES:
        rule, alarm = one.rules.get(side), one.alarms[side]
        if rule is None:
            if alarm.event is not None:
                over = Raised(replace(alarm.event, is_open=False), alarm.reached)
                raised.append((side, over))
            one.alarms[side] = Alarm()
            continue
        of = rates if side[0] == Method.RATE else batch.values
        one.alarms[side], fresh = alarms_in(alarm, times, of, rule)
        raised += [(side, item) for item in fresh]
    return (past if one.has_rates else Past()), raised


def _found(one: Judging, side: Side, raised: Raised, at: datetime) -> Found:
    sensor, method = one.sensor, side[0]
    alarm = one.alarms[side]
    is_last = sensor.last_time is None or sensor.last_time.timestamp() <= (alarm.last or 0.0)
    if raised.event.is_open and is_last and alarm.is_silent(at.timestamp(), rule_for(sensor).gap):
        # Kept open in the state: buffered readings may still come and continue it.
        raised = replace(raised, event=replace(raised.event, is_open=False))
    rule = one.rules.get(side) or _former(raised, side)
    spoken_of: dict[str, Any] = {
        "quantity": spoken(sensor),
        "unit": sensor.unit,
        "zone": sensor.asset.site.zone,
    }
    if method == Method.RATE:
        text = describe_rate(raised, rule, window=one.window, **spoken_of)
    else:
        text = describe_level(raised, rule, **spoken_of)
    return Found(sensor, raised.event, NAMES[method], method, text, raised.severity(rule))


def _former(raised: Raised, side: Side) -> Direction:
    """Of a limit that was taken away; an anomaly's severity never falls."""
    line = Line(raised.event.expected, Severity.LOW, f"former {side[1]}")
    return Direction((line,), is_low=side[1] == "low")


def _carry(one: Judging, past: Past) -> None:
    alarms = {
        _name(side): alarm.to_json() for side, alarm in one.alarms.items() if not alarm.is_idle
    }
    state: dict[str, Any] = {"alarms": alarms} if alarms else {}
    if past != Past():
        state["past"] = past.to_json()
    one.state.state = state
    one.state.has_alarm = any(alarm.event is not None for alarm in one.alarms.values())


def _split_closed(going: Iterable[Judging], at: datetime) -> None:
    """Let go of alarms whose anomaly a person closed a day before: what goes on is a new one."""
    keys: dict[Key, tuple[Judging, Side]] = {}
    for one in going:
        for side, alarm in one.alarms.items():
            if alarm.event is not None:
                keys[one.sensor.pk, side[0].value, moment(alarm.event.start)] = one, side
    if not keys:
        return
    incidents.hold({one.sensor.organization_id for one, _ in keys.values()})
    for key, anomaly in anomalies_at(keys).items():
        one, side = keys[key]
        event = one.alarms[side].event
        is_long_ago = anomaly.closed_at and one.state.judged_until > anomaly.closed_at + SPLIT_AFTER
        if event is not None and is_long_ago:
            one.alarms[side] = Alarm()
            end(anomaly, one.sensor, moment(event.end), at)


def end_silent_alarms(*, organization_id: int, at: datetime) -> int:
    """End the anomalies of limits whose sensors have sent nothing for longer than their gap allows.

    Should readings continue the alarm after all, judging opens the anomaly again.
    """
    shortest = timedelta(seconds=EventRule().gap)
    states = LimitState.objects.filter(
        organization=organization_id, has_alarm=True, sensor__last_time__lt=at - shortest
    )
    silent: dict[Key, tuple[Sensor, datetime]] = {}
    for state in states.select_related("sensor__asset"):
        for side, alarm in _alarms(state).items():
            if alarm.event is not None and alarm.is_silent(
                at.timestamp(), rule_for(state.sensor).gap
            ):
                key = state.sensor_id, side[0].value, moment(alarm.event.start)
                silent[key] = state.sensor, moment(alarm.event.end)
    return _end_all(organization_id, silent, at) if silent else 0


@transaction.atomic
def _end_all(
    organization_id: int, silent: Mapping[Key, tuple[Sensor, datetime]], at: datetime
) -> int:
    incidents.hold([organization_id])
    rows = [(row, *silent[key]) for key, row in anomalies_at(silent).items() if not row.ended_at]
    for row, sensor, ended in rows:
        end(row, sensor, ended, at)
    return len(rows)
