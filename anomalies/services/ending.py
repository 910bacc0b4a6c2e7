"""Anomalies that end without a calm reading: closed long before, or of a sensor gone silent."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from anomalies.detectors.events import Carried, EventRule, is_silent
from anomalies.models import Anomaly, DetectorState
from anomalies.services import incidents
from anomalies.services.events import tell_ended
from anomalies.services.recording import Method, anomalies_at, moment
from assets.models import Sensor

SPLIT_AFTER = timedelta(hours=24)
"""What is still strange this long after a person closed its anomaly becomes a new anomaly."""


def rule_for(sensor: Sensor) -> EventRule:
    if sensor.expected_interval is None:
        return EventRule()
    return EventRule.for_interval(sensor.expected_interval.total_seconds())


def split_closed(states: Iterable[DetectorState], at: datetime) -> None:
    """Let go of events whose anomaly a person closed a day before: what goes on is a new one."""
    going_on = {}
    for state in states:
        event = Carried.from_json(state.open_event).event
        if event is not None:
            key = state.sensor_id, Method.PATTERN.value, moment(event.start)
            going_on[key] = state, event
    if not going_on:
        return
    incidents.hold({state.organization_id for state, _ in going_on.values()})
    for key, anomaly in anomalies_at(going_on).items():
        state, event = going_on[key]
        if anomaly.closed_at and state.watermark > anomaly.closed_at + SPLIT_AFTER:
            state.open_event = None
            end(anomaly, state.sensor, moment(event.end), at)


def end(anomaly: Anomaly, sensor: Sensor, ended: datetime, at: datetime) -> None:
    """To be called by who holds the incidents of its organization."""
    anomaly.ended_at, anomaly.sensor = ended, sensor
    anomaly.save(update_fields=["ended_at"])
    incidents.group([anomaly])
    tell_ended([anomaly], at=at)


def end_silent(*, organization_id: int, at: datetime) -> int:
    """End the open anomalies of sensors that have sent nothing for longer than their gap allows.

    Should readings continue the event after all, scoring opens the anomaly again.
    """
    shortest = timedelta(seconds=EventRule().gap)
    states = DetectorState.objects.filter(
        organization=organization_id,
        sensor__last_time__lt=at - shortest,
        sensor__last_time__lte=F("watermark"),
        sensor__anomalies__ended_at=None,
        sensor__anomalies__isnull=False,
    )
    ended = 0
    for state in states.select_related("sensor__asset").distinct().iterator(chunk_size=500):
        carried = Carried.from_json(state.open_event)
        silent = is_silent(carried, at.timestamp(), rule_for(state.sensor))
        if carried.event is not None and silent:
            ended += _end_open(state, moment(carried.event.start), moment(carried.event.end), at)
    return ended


@transaction.atomic
def _end_open(state: DetectorState, started: datetime, ended: datetime, at: datetime) -> int:
    """End the state's anomaly of this start; 0 when another worker was faster."""
    incidents.hold([state.organization_id])
    open_one = Anomaly.objects.select_for_update().filter(
        sensor=state.sensor, method=Method.PATTERN, started_at=started, ended_at=None
    )
    anomaly = open_one.first()
    if anomaly is None:
        return 0
    end(anomaly, state.sensor, ended, at)
    return 1
