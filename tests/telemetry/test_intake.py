"""Readings that come by name: which are stored, which are not, and why."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from assets.models import Reading, Sensor
from assets.services import rules
from opssight.accounts.models import Membership, Organization
from telemetry.models import HeldReading, UnknownSignal, Way
from telemetry.services import unknown
from telemetry.services.clocks import localize
from telemetry.services.intake import Account, Batch, take
from telemetry.services.units import problem as unit_problem
from tests.factories import (
    AccessScopeFactory,
    AssetFactory,
    MembershipFactory,
    SensorFactory,
    SignalFactory,
    TelemetryPolicyFactory,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micro(time: datetime) -> int:
    return (time - EPOCH) // timedelta(microseconds=1)


def batch(
    *rows: tuple[str, datetime, float], units: dict[str, str] | None = None, **more: Any
) -> Batch:
    known = list(dict.fromkeys(name for name, _time, _value in rows))
    return Batch(
        known=known,
        names=np.array([known.index(name) for name, _time, _value in rows], dtype=np.int64),
        times=np.array([micro(time) for _name, time, _value in rows], dtype=np.int64),
        values=np.array([value for _name, _time, value in rows], dtype=np.float64),
        units=[(units or {}).get(name, "") for name in known],
        **more,
    )


def send(plant: Organization, sent: Batch, by: Membership | None = None) -> Account:
    return take(
        organization_id=plant.pk, way=Way.JSON, batch=sent, by=by.user if by else None, at=NOON
    )


@pytest.fixture
def sensor(plant: Organization) -> Sensor:
    asset = AssetFactory.create(organization=plant, tag="P-101A")
    sensor: Sensor = SensorFactory.create(asset=asset, key="temp", unit="degC")
    return sensor


def test_a_name_of_tag_and_key_stands_for_that_sensor(plant: Organization, sensor: Sensor) -> None:
    account = send(plant, batch(("P-101A/temp", NOON, 61.5), ("P-101A/temp", NOON, 62.0)))

    assert (account.accepted, account.stored.inserted) == (2, 1)
    assert Reading.objects.get(sensor=sensor).value == 62.0


def test_an_unknown_name_is_held(plant: Organization, sensor: Sensor) -> None:
    sent = batch(
        ("cpu,host=a#load", NOON, 1.0), ("cpu,host=a#load", NOON, 2.0), ("P-101A/temp", NOON, 3.0)
    )

    account = send(plant, sent)

    assert (account.accepted, account.held, account.stored.inserted) == (3, 2, 1)
    assert HeldReading.objects.get().value == 2.0
    assert UnknownSignal.objects.get().count == 2


def test_says_of_each_refused_reading_where_it_stood_and_why(
    plant: Organization, sensor: Sensor
) -> None:
    Sensor.objects.filter(pk=sensor.pk).update(physical_low=-40, physical_high=200)
    off = SensorFactory.create(asset=sensor.asset, key="off", is_active=False)
    retired = SensorFactory.create(asset__organization=plant, asset__tag="P-9", key="temp")
    retired.asset.status = "retired"
    retired.asset.save()
    name = "P-101A/temp"
    rows = [
        (name, NOON, 20.0),
        (name, NOON - timedelta(minutes=1), float("nan")),
        (name, NOON - timedelta(minutes=2), float("inf")),
        (name, NOON + timedelta(days=2), 20.0),
        (name, EPOCH - timedelta(days=1), 20.0),
        (name, NOON - timedelta(minutes=3), 200.5),
        (f"P-101A/{off.key}", NOON, 1.0),
        ("P-9/temp", NOON, 1.0),
        ("", NOON, 1.0),
        ("x" * 501, NOON, 1.0),
        ("with \0", NOON, 1.0),
        ("half \ud800", NOON, 1.0),
    ]

    account = send(plant, batch(*rows, places=np.arange(1, len(rows) + 1)))

    reasons = {refusal.place: refusal.reason for refusal in account.refused}
    assert (account.accepted, account.stored.inserted) == (1, 1)
    expected = [
        "nan is not a finite",
        "inf is not a finite",
        "in the future",
        "before 1970",
        "200.5 degC is impossible: the sensor reads 200 degC or less",
        "switched off",
        "P-9 is retired",
        "name is empty",
        "longer than 500",
        "cannot be stored",
        "cannot be stored",
    ]
    assert list(reasons) == list(range(2, len(rows) + 1))
    for reason, text in zip(reasons.values(), expected, strict=True):
        assert text in reason


@pytest.mark.parametrize(
    ("sent", "own", "value", "stored"),
    [
        ("degF", "°C", 212.0, 100.0),
        ("K", "degC", 300.15, 27.0),
        ("psi", "bar", 100.0, 6.894757),
        ("m3/h", "l/min", 6.0, 100.0),
        ("m·s⁻²", "mm/s²", 1.0, 1000.0),
        ("in/s", "mm/s", 1.0, 25.4),
        ("kNm", "Nm", 1.5, 1500.0),
        ("strokes", "strokes", 3.0, 3.0),
        ("", "bar", 3.0, 3.0),
    ],
)
def test_converts_to_the_unit_of_the_sensor(
    plant: Organization, sensor: Sensor, sent: str, own: str, value: float, stored: float
) -> None:
    Sensor.objects.filter(pk=sensor.pk).update(unit=own)
    send(plant, batch(("P-101A/temp", NOON, value), units={"P-101A/temp": sent}))
    assert Reading.objects.get().value == pytest.approx(stored)


@pytest.mark.parametrize(
    ("sent", "own", "reason"),
    [
        ("bar", "degC", "'bar' cannot be converted to 'degC'"),
        ("Hz", "rpm", "'Hz' cannot be converted to 'rpm'"),
        ("dB", "%", "'dB' cannot be converted"),
        ("strokes", "1/min", "the unit 'strokes' is not known, and the sensor's is '1/min'"),
        ("bar", "", "the sensor states no unit"),
        ("9**9**9**9", "m", "is not known"),
    ],
)
def test_a_unit_that_says_nothing_about_the_sensors_is_refused(
    plant: Organization, sensor: Sensor, sent: str, own: str, reason: str
) -> None:
    Sensor.objects.filter(pk=sensor.pk).update(unit=own)
    account = send(plant, batch(("P-101A/temp", NOON, 1.0), units={"P-101A/temp": sent}))
    assert reason in account.refused[0].reason


@settings(max_examples=50)
@example("µ" * 29 + "!")
@example("a" * 29 + "!")
@example("km²²²²²²²²²²²²")
@example("km**99**99")
@example("(km**99)**99")
@given(st.text("aµkm²³⁻9^*/(). %°1-eΩ\0", max_size=30))
def test_whatever_a_unit_says_is_read_at_once(text: str) -> None:
    reason = unit_problem(text, "°C")
    assert reason is None or "°C" in reason


@settings(max_examples=40)
@given(st.integers(-(2**62), 2**62), st.sampled_from(["Europe/Berlin", "Africa/Monrovia", "UTC"]))
def test_a_clocks_time_is_what_python_makes_of_it(time: int, name: str) -> None:
    zone = ZoneInfo(name)
    near = time % micro(datetime(2037, 1, 1, tzinfo=UTC))
    times = np.array([near, time], dtype=np.int64)

    moments, skipped = localize(times, zone)

    shown = rules.moment(near).replace(tzinfo=zone)
    offsets = [shown.replace(fold=fold).utcoffset() or timedelta() for fold in (0, 1)]
    assert moments[0] == near - offsets[0] // timedelta(microseconds=1)
    assert skipped[0] == (offsets[0] < offsets[1])


def test_a_time_without_a_zone_is_read_on_the_clock_of_the_site_where_the_policy_says_so(
    plant: Organization, sensor: Sensor
) -> None:
    sensor.asset.site.timezone = "Europe/Berlin"
    sensor.asset.site.save()
    clock = [
        datetime(2025, 3, 30, 2, 30, tzinfo=UTC),  # never was
        datetime(2025, 10, 26, 2, 30, tzinfo=UTC),  # was twice
        datetime(2026, 1, 1, 12, tzinfo=UTC),
    ]
    rows = [("P-101A/temp", time, float(n)) for n, time in enumerate(clock)]
    sent = batch(*rows, ("unknown", NOON, 1.0), naive=np.ones(4, dtype=bool))
    assert len(send(plant, sent).refused) == 4

    TelemetryPolicyFactory.create(organization=plant, naive_times="site_zone")
    account = send(plant, sent)

    assert "2025-03-30 02:30:00 does not exist in Europe/Berlin" in account.refused[0].reason
    assert "no sensor whose site" in account.refused[1].reason
    assert list(Reading.objects.order_by("time").values_list("time", flat=True)) == [
        datetime(2025, 10, 26, 0, 30, tzinfo=UTC),
        datetime(2026, 1, 1, 11, tzinfo=UTC),
    ]


@settings(max_examples=50)
@given(
    st.floats(),
    st.integers(-(2**63), 2**63 - 1),
    st.none() | st.floats(allow_nan=False),
    st.none() | st.floats(allow_nan=False),
)
def test_the_rules_for_columns_are_those_for_one_reading(
    value: float, time: int, low: float | None, high: float | None
) -> None:
    bounds = [np.array([np.nan if bound is None else bound]) for bound in (low, high)]
    assert rules.values_wrong(np.array([value]), *bounds)[0] == bool(
        rules.value_problem(value, low=low, high=high)
    )
    assert rules.times_wrong(np.array([time]), at=NOON)[0] == bool(
        rules.time_problem(rules.moment(time), at=NOON)
    )


def test_by_the_policy_unknown_names_are_refused_or_become_sensors(
    plant: Organization, sensor: Sensor
) -> None:
    policy = TelemetryPolicyFactory.create(organization=plant, unknown="reject")
    sent = batch(("P-101A/flow/rate", NOON, 5.0), ("boiler/temp", NOON, 5.0))
    assert "stands for no sensor" in send(plant, sent).refused[0].reason

    policy.unknown = "create"
    policy.save()
    account = send(plant, batch(*ROWS_OF_CREATE, units={"P-101A/flow/rate": "l/min"}))

    assert (account.stored.inserted, account.held) == (1, 1)
    assert Sensor.objects.get(key="flow/rate").unit == "l/min"


ROWS_OF_CREATE = (("P-101A/flow/rate", NOON, 5.0), ("boiler/temp", NOON, 5.0))


def test_a_sender_of_a_part_gets_the_same_answer_for_unknown_and_for_not_covered(
    plant: Organization, sensor: Sensor
) -> None:
    own = SensorFactory.create(asset__organization=plant, asset__tag="P-1", key="temp")
    SignalFactory.create(sensor=sensor, name="theirs")
    SignalFactory.create(sensor=sensor, name="P-1/taken")
    SensorFactory.create(asset=own.asset, key="taken")
    device = MembershipFactory.create(organization=plant, role="integration", coverage="part")
    AccessScopeFactory.create(membership=device, asset=own.asset)
    names = ["P-101A/temp", "P-101A/none", "theirs", "P-1/taken"]
    sent = batch(("P-1/temp", NOON, 1.0), *((name, NOON, 1.0) for name in names))

    account = send(plant, sent, by=device)
    assert (account.stored.inserted, account.held) == (1, 4)
    assert Reading.objects.get().sensor == own

    TelemetryPolicyFactory.create(organization=plant, unknown="reject")
    reasons = {refusal.reason for refusal in send(plant, sent, by=device).refused}
    assert len(reasons) == 1
    viewer = MembershipFactory.create(organization=plant, role="viewer")
    with pytest.raises(PermissionDenied):
        send(plant, sent, by=viewer)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("motor,asset=P-101A,host=gw#temp", "temp"),
        ("motor,asset=P-101A#speed", "motor_speed"),
        ("motor,asset=P\\ 7#temp", "temp"),
    ],
)
def test_a_series_with_the_tag_of_an_asset_stands_for_its_sensor(
    plant: Organization, sensor: Sensor, name: str, key: str
) -> None:
    SensorFactory.create(asset=sensor.asset, key="motor_speed")
    SensorFactory.create(asset__organization=plant, asset__tag="P 7", key="temp")
    assert send(plant, batch((name, NOON, 1.0))).stored.inserted == 1
    assert Reading.objects.get().sensor.key == key


def test_holds_only_so_many_names_and_the_newest_readings_of_each(
    plant: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unknown, "MOST_NAMES", 2)
    monkeypatch.setattr(unknown, "MOST_HELD", 10)
    monkeypatch.setattr(unknown, "_TRIM_EVERY", 5)
    rows = [("a", NOON - timedelta(minutes=n), float(n)) for n in range(20)]

    account = send(plant, batch(("b", NOON, 1.0), ("c", NOON, 1.0), *rows))

    assert account.held == 21
    assert "2 such names are held already" in account.refused[0].reason
    held = HeldReading.objects.filter(signal__name="a").order_by("-time")
    assert [reading.value for reading in held] == [float(n) for n in range(10)]
    row = UnknownSignal.objects.get(name="a")
    assert (row.count, row.last_value, row.last_time) == (20, 0.0, NOON)


def test_takes_as_many_queries_for_five_thousand_readings_as_for_one(
    plant: Organization, sensor: Sensor, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    SensorFactory.create_batch(20, asset=sensor.asset)
    keys = list(Sensor.objects.values_list("key", flat=True))
    rows = [
        (f"P-101A/{keys[n % len(keys)]}", NOON - timedelta(seconds=n), 1.0) for n in range(5000)
    ]
    with django_assert_max_num_queries(13):
        assert send(plant, batch(*rows)).stored.inserted == 5000
