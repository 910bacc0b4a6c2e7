"""Alarms of limits and rates, as anomalies in the database."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from anomalies import services
from anomalies.models import Anomaly, LimitState, LimitTemplate, SensorLimits
from anomalies.services import limits, scoring
from assets.models import Sensor
from opssight.accounts.models import Membership
from tests.anomalies.signals import STEP, Values, sensor_with, store
from tests.conftest import ApiFor, ClientFor
from tests.factories import (
    NOON,
    AccessScopeFactory,
    AnomalyFactory,
    AssetFactory,
    DoneWorkOrderFactory,
    LimitTemplateFactory,
    ReadingFactory,
    SensorFactory,
    SensorLimitsFactory,
    UptimeEventFactory,
)

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=11)
HUMP = [5.0] * 6 + [7.5, 8.3, 11.5, 7.9, 7.0, 6.0] + [5.0] * 6
Method = Anomaly.Method


def score(sensor: Sensor, at: Any = LATER) -> list[Anomaly]:
    services.score_sensors(sensor_ids=[sensor.pk], at=at)
    found = Anomaly.objects.exclude(method=Method.PATTERN)
    return list(found.filter(sensor=sensor).order_by("started_at"))


def with_limits(values: Values = HUMP, *, asset: Any = None, **fields: Any) -> Sensor:
    sensor = sensor_with(values, high_limit=7.1, asset=asset or AssetFactory.create())
    fields = {"off_delay": timedelta(), **fields}
    SensorLimitsFactory.create(sensor=sensor, asset=sensor.asset, **fields)
    return sensor


def test_readings_beyond_a_limit_become_one_anomaly_as_bad_as_the_limit_that_was_reached() -> None:
    [row] = score(with_limits(high_high=11.0, deadband=0.5))

    assert (row.method, row.channel, row.severity) == (Method.LIMIT, "high", "critical")
    assert (row.started_at, row.ended_at) == (NOON + 6 * STEP, NOON + 10 * STEP)
    assert (row.peak_value, row.expected_value) == (11.5, 7.1)
    assert row.explanation.startswith("Vibration rose above the high limit of 7.1 mm/s on ")
    assert row.explanation.endswith(
        " for 40 min; the highest was 11.5. It went beyond the high-high limit of 11 mm/s, too."
    )
    assert row.failure_mode == "bearing wear"
    assert row.recommendation is not None


def test_a_limit_alone_needs_no_further_settings_and_flicker_is_one_alarm() -> None:
    [row] = score(sensor_with([*HUMP, *HUMP, *([5.0] * 40)], high_limit=7.1))

    assert (row.severity, row.ended_at) == ("high", NOON + 28 * STEP)
    assert not LimitState.objects.filter(has_alarm=True).exists()


def test_readings_in_portions_give_what_they_give_at_once() -> None:
    whole = with_limits(high_high=11.0, rise_per_hour=3.0)
    parts = with_limits(HUMP[:8], high_high=11.0, rise_per_hour=3.0)
    [goes_on, _] = score(parts, NOON + 7 * STEP)
    assert goes_on.ended_at is None
    store(parts, HUMP[8:], NOON + 8 * STEP)

    facts = [
        [(row.method, row.started_at, row.ended_at, row.explanation) for row in score(sensor)]
        for sensor in (whole, parts)
    ]
    assert facts[0] == facts[1]
    assert {row[0] for row in facts[0]} == {Method.LIMIT, Method.RATE}


def test_what_is_carried_is_kept_with_the_anomaly_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sensor = with_limits(HUMP[:9], rise_per_hour=3.0)

    def fail(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(scoring, "save_anomalies", fail)
        with pytest.raises(RuntimeError):
            score(sensor)
    assert not LimitState.objects.exists()

    assert {row.method for row in score(sensor)} == {Method.LIMIT, Method.RATE}
    assert LimitState.objects.get().has_alarm


def test_a_counter_is_judged_by_what_it_counts_in_an_hour() -> None:
    counted = 90 + np.cumsum([1.0] * 12 + [9.0] * 6 + [1.0] * 12)
    sensor = sensor_with(counted % 100, kind="counter", high_limit=50, rolls_over_at=100, unit="m³")
    SensorLimitsFactory.create(
        sensor=sensor, asset=sensor.asset, rise_per_hour=20.0, rate_severity="low"
    )

    [row] = score(sensor)

    assert (row.method, row.severity, row.peak_value) == (Method.RATE, "low", 54.0)
    assert "rose faster than 20 m³ per hour" in row.explanation


def test_a_machine_that_stands_still_raises_no_alarm_and_work_explains_one() -> None:
    stopped = AssetFactory.create()
    UptimeEventFactory.create(
        asset=stopped, state="down", started_at=NOON, ended_at=NOON + 12 * STEP
    )
    assert score(with_limits(asset=stopped)) == []

    order = DoneWorkOrderFactory.create(started_at=NOON, completed_at=NOON + 12 * STEP)
    [row] = score(with_limits(asset=order.asset))
    assert (row.work_order, row.recommendation) == (order, None)


def test_a_limit_that_is_taken_away_ends_its_alarm() -> None:
    sensor = with_limits(HUMP[:9])
    assert score(sensor, NOON + 8 * STEP)[0].ended_at is None
    SensorLimits.objects.all().delete()
    Sensor.objects.update(high_limit=None)
    store(sensor, HUMP[8:9], NOON + 9 * STEP)

    assert score(sensor)[0].ended_at == NOON + 8 * STEP


def test_an_alarm_of_a_silent_sensor_ends_with_its_last_reading() -> None:
    sensor = with_limits(HUMP[:9])
    score(sensor, NOON + 8 * STEP)

    ended = [
        limits.end_silent_alarms(organization_id=sensor.organization_id, at=NOON + after)
        for after in (5 * STEP, timedelta(hours=9), timedelta(hours=9))
    ]

    assert ended == [0, 1, 0]
    assert Anomaly.objects.get(method=Method.LIMIT).ended_at == NOON + 8 * STEP


def test_what_is_beyond_a_limit_a_day_after_it_was_closed_is_a_new_anomaly() -> None:
    sensor = with_limits([5.0] + [8.0] * 3)
    [row] = score(sensor, NOON + 3 * STEP)
    row.closed_at = NOON + 3 * STEP
    row.save()
    store(sensor, [8.0] * 150, NOON + 4 * STEP)
    assert len(score(sensor, NOON + 154 * STEP)) == 1
    store(sensor, [8.0] * 3, NOON + 154 * STEP)

    old, new = score(sensor, NOON + 160 * STEP)
    assert old.ended_at == NOON + 153 * STEP
    assert (new.started_at, new.closed_at) == (NOON + 154 * STEP, None)


class TestTemplates:
    def test_a_template_is_previewed_and_applied_to_the_sensors_it_fits(
        self, planner: Membership, api_for: ApiFor
    ) -> None:
        template = LimitTemplateFactory.create(organization=planner.organization, category="pump")
        pump = AssetFactory.create(organization=planner.organization, category="Pump")
        sensor = SensorFactory.create(asset=pump, key="vibration_de", high_limit=9.0)
        ReadingFactory.create(sensor=sensor, time=timezone.now() - timedelta(days=2), value=5.0)
        fan = SensorFactory.create(asset__organization=planner.organization, asset__category="fan")
        api = api_for(planner)
        url = f"/api/limit-templates/{template.pk}"

        [seen] = api.get(f"{url}/preview/").data
        assert (seen["sensor"], seen["follows"], seen["days_beyond"]) == (sensor.pk, False, 1)
        assert [(one["name"], one["now"], one["then"]) for one in seen["changes"]] == [
            ("high", "9.0", "4.5"),
            ("high_high", None, "7.1"),
        ]
        refused = api.post(f"{url}/apply/", {"sensors": [sensor.pk, fan.pk]}, format="json")
        assert refused.status_code == 400
        assert str(fan.pk) in str(refused.data)
        applied = api.post(f"{url}/apply/", {"sensors": [sensor.pk]}, format="json")
        assert applied.data == {"applied": 1}
        [seen] = api.get(f"{url}/preview/").data
        assert (seen["follows"], seen["changes"]) == (True, [])
        sensor.refresh_from_db()
        assert (sensor.high_limit, sensor.limits.high_high) == (4.5, 7.1)

    def test_a_standard_becomes_a_template_once(self, planner: Membership, api_for: ApiFor) -> None:
        api = api_for(planner)
        body = {"standard": "iso-10816-3-2-rigid"}

        first, second = (
            api.post("/api/limit-templates/from-standard/", body, format="json").data
            for _ in range(2)
        )

        assert first == second
        assert (first["high"], first["high_high"], first["unit"]) == (2.8, 4.5, "mm/s")
        assert "zone A up to 1.4" in first["note"]

    def test_limits_in_disorder_are_refused_at_the_field(
        self, planner: Membership, api_for: ApiFor
    ) -> None:
        sensor = SensorFactory.create(
            asset__organization=planner.organization, high_limit=7.1, expected_interval=STEP
        )
        api = api_for(planner)

        for wrong, field in (
            ({"fall_per_hour": 1, "rate_window_seconds": 60}, "rate_window_seconds"),
            ({"high_high": 7.1}, "high_high"),
            ({"high_high": 9, "low_low": 9}, "high_high"),
            ({"on_delay_seconds": -1}, "on_delay_seconds"),
            ({"rise_per_hour": 0}, "rise_per_hour"),
        ):
            answer = api.post("/api/sensor-limits/", {"sensor": sensor.pk, **wrong}, format="json")
            assert answer.status_code == 400
            assert f"/{field}" in str(answer.data)
        right = {"sensor": sensor.pk, "high_high": 9, "on_delay_seconds": 0}
        answer = api.post("/api/sensor-limits/", right, format="json")
        assert (answer.status_code, answer.data["high_limit"]) == (201, 7.1)
        address = f"/api/sensors/{sensor.pk}/"
        answer = api.patch(address, {"high_limit": 9}, format="json")
        assert "must stay within the high-high limit of 9" in str(answer.data)
        assert api.patch(address, {"high_limit": 8}, format="json").status_code == 200


class TestPages:
    def test_limits_are_set_on_the_page_of_the_sensor(
        self, planner: Membership, client_for: ClientFor
    ) -> None:
        signed_in = client_for(planner)
        sensor = SensorFactory.create(asset__organization=planner.organization, high_limit=7.1)
        page, form = f"/anomalies/sensors/{sensor.pk}/", f"/anomalies/sensors/{sensor.pk}/limits/"
        values = {
            "high": "4.5",
            "high_high": "7.1",
            "severity": "medium",
            "outer_severity": "critical",
            "rate_severity": "low",
            "rate_window": "60",
            "on_delay": "5",
        }

        wrong = signed_in.post(form, {**values, "high_high": "4"})
        assert wrong.status_code == 422
        assert "must be above the high limit of 4.5" in wrong.text
        assert signed_in.post(form, values).status_code == 302

        sensor = Sensor.objects.select_related("limits").get()
        assert (sensor.high_limit, sensor.limits.high_high) == (4.5, 7.1)
        assert sensor.limits.on_delay == timedelta(minutes=5)
        assert "Beyond a limit for 5 min" in signed_in.get(page).text
        lines = signed_in.get(f"/charts/sensors/{sensor.pk}/").json()["limits"]
        assert [(line["value"], line["severity"]) for line in lines] == [
            (4.5, "medium"),
            (7.1, "critical"),
        ]

    def test_a_template_that_changed_says_who_follows_it_with_other_figures(
        self, planner: Membership, client_for: ClientFor
    ) -> None:
        signed_in = client_for(planner)
        sensor = SensorFactory.create(asset__organization=planner.organization)
        use = f"/anomalies/sensors/{sensor.pk}/limits/template/"
        signed_in.post(use, {"template": "iso-10816-3-1-rigid"})
        template = LimitTemplate.objects.get()
        url = template.get_absolute_url()
        assert "Sensor took" not in signed_in.get(url).text
        assert "has them as they are" in signed_in.get(url).text

        LimitTemplate.objects.update(high=4.0)

        assert (
            "1 of 1 sensor that took its limits from here has other figures"
            in signed_in.get(url).text
        )
        assert "which has other figures now" in signed_in.get(use[: -len("limits/template/")]).text
        signed_in.post(f"{url}apply/", {"sensor": sensor.pk})
        assert Sensor.objects.get().high_limit == 4.0
        assert signed_in.post(f"{url}apply/", {}, follow=True).status_code == 200
        assert template.name in signed_in.get("/anomalies/limit-templates/").text

    def test_who_only_looks_changes_no_limits(
        self, technician: Membership, client_for: ClientFor
    ) -> None:
        sensor = SensorFactory.create(asset__organization=technician.organization)
        template = LimitTemplateFactory.create(organization=technician.organization)
        client = client_for(technician)

        assert client.get(template.get_absolute_url()).status_code == 200
        for url in (
            f"/anomalies/sensors/{sensor.pk}/limits/",
            f"/anomalies/sensors/{sensor.pk}/limits/template/",
            f"/anomalies/limit-templates/{template.pk}/apply/",
            "/anomalies/limit-templates/standard/",
        ):
            assert client.post(url, {"template": "iso-10816-3-1-rigid"}).status_code == 403

    def test_who_changes_a_part_of_the_plant_makes_no_template_for_all_of_it(
        self, planner: Membership, client_for: ClientFor
    ) -> None:
        asset = AssetFactory.create(organization=planner.organization)
        sensor = SensorFactory.create(asset=asset, quantity="vibration", unit="mm/s")
        client, page = client_for(planner), f"/anomalies/sensors/{sensor.pk}/"
        assert "iso-10816-3-1-rigid" in client.get(page).text
        AccessScopeFactory.create(membership=planner, asset=asset)
        Membership.objects.update(coverage="part")

        assert "iso-10816-3-1-rigid" not in client.get(page).text
        client.post(f"{page}limits/template/", {"template": "iso-10816-3-1-rigid"})
        assert not LimitTemplate.objects.exists()
        own = LimitTemplateFactory.create(organization=planner.organization)
        client.post(f"{page}limits/template/", {"template": f"t{own.pk}"})
        assert SensorLimits.objects.get().template == own

    def test_anomalies_are_listed_by_how_they_were_found(
        self, planner: Membership, client_for: ClientFor
    ) -> None:
        sensor = SensorFactory.create(asset__organization=planner.organization, high_limit=7.1)
        rows = {
            method: AnomalyFactory.create(asset=sensor.asset, sensor=sensor, method=method)
            for method in (Method.LIMIT, Method.RATE, Method.TREND)
        }
        client = client_for(planner)

        for method, row in rows.items():
            page = client.get("/anomalies/", {"method": method, "state": "all"})
            assert [found.pk for found in page.context["page"]] == [row.pk]
            assert row.get_method_display() in client.get(row.get_absolute_url()).text


class TestScoredAgain:
    def test_the_past_is_judged_by_limits_that_were_set_later(self) -> None:
        sensor = sensor_with([*HUMP, 5.0])
        assert score(sensor) == []
        Sensor.objects.update(high_limit=7.1)
        SensorLimitsFactory.create(
            sensor=sensor, asset=sensor.asset, high_high=None, off_delay=timedelta()
        )

        for _ in range(2):
            services.rescore(sensor_id=sensor.pk, start=NOON, end=LATER, at=LATER)
            [row] = Anomaly.objects.filter(method=Method.LIMIT)
            assert (row.started_at, row.ended_at) == (NOON + 6 * STEP, NOON + 10 * STEP)
        Sensor.objects.update(high_limit=20.0)
        # With advice that rests on it, it stays; without, it goes.
        services.rescore(sensor_id=sensor.pk, start=NOON, end=LATER, at=LATER)
        assert Anomaly.objects.filter(method=Method.LIMIT).count() == 1
        Anomaly.objects.update(recommendation=None)
        services.rescore(sensor_id=sensor.pk, start=NOON, end=LATER, at=LATER)
        assert not Anomaly.objects.filter(method=Method.LIMIT).exists()

    def test_scoring_goes_on_with_the_alarm_that_was_found_again(self) -> None:
        sensor = with_limits(HUMP[:8])
        score(sensor, NOON + 8 * STEP)
        services.rescore(sensor_id=sensor.pk, start=NOON, end=LATER, at=NOON + 8 * STEP)
        assert Anomaly.objects.get(method=Method.LIMIT).ended_at is None
        store(sensor, HUMP[8:], NOON + 8 * STEP)

        [row] = score(sensor)
        assert (row.started_at, row.ended_at) == (NOON + 6 * STEP, NOON + 10 * STEP)
