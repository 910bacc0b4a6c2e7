import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from anomalies import queries
from anomalies.models import DetectorState, MachineModel
from anomalies.queries.evaluation import Evaluation, Line, Period, evaluate
from anomalies.queries.machines import lines
from anomalies.queries.on_labels import OnLabels
from anomalies.sensitivity import Lesson
from opssight.accounts.models import Membership, Organization
from tests.conftest import ApiFor
from tests.factories import (
    NOON,
    AnomalyFactory,
    AssetFactory,
    DetectorStateFactory,
    SensorFactory,
    SensorLabelFactory,
    SensorWatchFactory,
    UptimeEventFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db


def at(days: float) -> datetime:
    """Days after noon."""
    return NOON + timedelta(days=days)


def found(user: Any, by: str = "detector", *, lead: int = 7) -> Evaluation:
    period = Period(NOON, at(70), timedelta(days=lead))
    return evaluate(user, period, by=by)


def line(evaluation: Evaluation, key: object) -> Line:
    return next(one for one in evaluation.lines if one.key == key)


RIGHT, WRONG, MISSED = Lesson.CONFIRMED, Lesson.FALSE_ALARM, Lesson.MISSED


def label(sensor: Any, start: float, end: float, kind: str) -> None:
    SensorLabelFactory.create(
        asset=sensor.asset, sensor=sensor, started_at=at(start), ended_at=at(end), kind=kind
    )


def scored_until(sensor: Any, days: float) -> None:
    DetectorState.objects.filter(sensor=sensor).update(watermark=at(days))


def told(sensor: Any, when: datetime) -> list[Lesson]:
    return queries.watches([sensor.pk], when)[sensor.pk].lessons


@pytest.fixture
def sensor(plant: Organization) -> Any:
    """Of an asset whose readings are scored."""
    sensor: Any = SensorFactory.create(asset=AssetFactory.create(organization=plant))
    DetectorStateFactory.create(asset=sensor.asset, sensor=sensor)
    return sensor


def anomaly(sensor: Any, start: float, end: float | None, verdict: str = "", **values: Any) -> Any:
    return AnomalyFactory.create(
        asset=sensor.asset,
        sensor=sensor,
        started_at=at(start),
        ended_at=None if end is None else at(end),
        verdict=verdict,
        **{"detector": "baseline", **values},
    )


def failure(sensor: Any, when: float) -> Any:
    return UptimeEventFactory.create(
        asset=sensor.asset,
        state="down",
        cause="failure",
        started_at=at(when),
        ended_at=at(when + 0.1),
    )


def test_precision_is_of_those_judged_and_the_others_are_counted_apart(
    sensor: Any, planner: Membership
) -> None:
    verdicts = ["confirmed"] * 3 + ["false_alarm"] * 2 + ["not_inspected", ""]
    for place, verdict in enumerate(verdicts):
        anomaly(sensor, place, place + 0.1, verdict)
    anomaly(sensor, 9, 9.5, "false_alarm", work_order=WorkOrderFactory.create(asset=sensor.asset))
    anomaly(sensor, 80, 81, "false_alarm")

    total = found(planner.user).total

    assert (total.confirmed, total.false_alarms, total.not_inspected) == (3, 2, 1)
    assert (total.unanswered, total.anomalies, total.precision) == (1, 7, 0.6)
    assert total.alarms_per_week == pytest.approx(7 / 10)


def test_few_verdicts_or_failures_are_insufficient_data(sensor: Any, planner: Membership) -> None:
    anomaly(sensor, 1, 2, "confirmed")
    failure(sensor, 3)

    total = found(planner.user).total

    assert (total.precision, total.recall) == (None, None)
    assert (total.judged, total.warned, total.failures) == (1, 1, 1)


def test_a_failure_is_warned_of_by_what_goes_on_in_the_window_before_it(
    sensor: Any, planner: Membership
) -> None:
    warned, drift, late, wrong, missed = 10, 20, 30, 40, 50
    for when in (warned, drift, late, wrong, missed):
        failure(sensor, when)
    anomaly(sensor, warned - 2, warned - 1)
    anomaly(sensor, warned - 4, warned - 3, detector="limits")
    anomaly(sensor, drift - 3, drift + 1)
    anomaly(sensor, late - 7.5, late - 7.1)
    anomaly(sensor, wrong - 1, wrong, "false_alarm")
    anomaly(sensor, missed, missed + 1)

    every = found(planner.user)

    assert [bool(one.first) for one in every.failures] == [False, False, False, True, True]
    assert every.total.recall == pytest.approx(2 / 5)
    assert every.total.lead_hours == pytest.approx(24 * (4 + 3) / 2)
    assert line(every, "baseline").warned == 2
    assert (line(every, "limits").warned, line(every, "limits").lead_hours) == (1, 96)
    assert found(planner.user, lead=8).total.warned == 3


def test_a_sensor_answers_for_the_failures_of_its_asset_alone(
    sensor: Any, planner: Membership
) -> None:
    other: Any = SensorFactory.create(
        asset=AssetFactory.create(organization=sensor.organization), key="other"
    )
    DetectorStateFactory.create(asset=other.asset, sensor=other)
    for when in (5, 15):
        failure(sensor, when)
    failure(other, 5)
    anomaly(sensor, 4, 5)
    anomaly(other, 20, 21)

    by_sensor = found(planner.user, "sensor")
    by_mode = found(planner.user, "failure_mode")

    assert (line(by_sensor, sensor.pk).warned, line(by_sensor, sensor.pk).failures) == (1, 2)
    assert (line(by_sensor, other.pk).warned, line(by_sensor, other.pk).failures) == (0, 1)
    assert line(by_mode, "bearing wear").failures is None


def test_labels_count_as_failures_and_as_spans_to_be_found(
    sensor: Any, planner: Membership
) -> None:
    failure(sensor, 5)
    spans = [("failure", 4.9, 5.2), ("failure", 9, 9.5), ("anomaly", 8, 9), ("anomaly", 30, 31)]
    for kind, start, end in [*spans, ("normal", 40, 41), ("normal", 50, 51)]:
        SensorLabelFactory.create(
            asset=sensor.asset, sensor=sensor, kind=kind, started_at=at(start), ended_at=at(end)
        )
    anomaly(sensor, 8.2, 8.4)
    anomaly(sensor, 40.5, 40.6)

    every = found(planner.user)

    assert [one.at for one in every.failures] == [at(9), at(5)]
    labels = every.labels
    assert (labels.found, labels.anomalies, labels.disturbed, labels.normal) == (1, 2, 1, 2)
    other = SensorLabelFactory.create(
        asset=sensor.asset,
        sensor__asset=sensor.asset,
        kind="anomaly",
        started_at=at(8),
        ended_at=at(9),
    )
    by_sensor = {line.key: line.labels for line in found(planner.user, by="sensor").lines}
    assert by_sensor == {sensor.pk: labels, other.sensor_id: OnLabels(1, 0, 0, 0)}
    [streaming] = found(planner.user).lines
    assert streaming.labels == OnLabels(anomalies=3, found=1, normal=2, disturbed=1)
    assert found(planner.user, by="failure_mode").lines[0].labels is None


def test_a_stranger_and_an_asset_that_nobody_scores_are_left_out(
    sensor: Any, stranger: Membership, planner: Membership
) -> None:
    anomaly(sensor, 1, 2)
    UptimeEventFactory.create(
        asset=AssetFactory.create(organization=sensor.organization),
        state="down",
        cause="failure",
        started_at=at(3),
        ended_at=None,
    )

    assert found(stranger.user).total.anomalies == 0
    assert found(planner.user).failures == []


def test_the_figures_of_the_page_open_the_rows_behind_them(
    sensor: Any, signed_in: Client, django_assert_max_num_queries: Any
) -> None:
    now = timezone.now()
    for days, verdict in ((3, "confirmed"), (5, "false_alarm"), (500, "confirmed")):
        AnomalyFactory.create(
            asset=sensor.asset,
            sensor=sensor,
            verdict=verdict,
            detector="baseline 1",
            started_at=now - timedelta(days=days),
            ended_at=now - timedelta(days=days - 1),
        )

    with django_assert_max_num_queries(20):
        page = signed_in.get("/anomalies/evaluation/?by=detector&days=30").text
    links = re.findall(r'href="(/anomalies/\?[^"]+)"', page)

    assert "insufficient data" in page
    shown = {link: _count(signed_in, link.replace("&amp;", "&")) for link in links}
    of_line = [number for link, number in shown.items() if "baseline" in link]
    assert of_line == [2, 1, 1]


def _count(client: Client, link: str) -> int:
    return client.get(link).text.count('class="asset-tag"')


def test_the_api_gives_the_same_figures(sensor: Any, planner: Membership, api_for: ApiFor) -> None:
    api = api_for(planner)

    answer = api.get("/api/anomalies/evaluation/", {"by": "sensor", "days": "30"})

    assert answer.status_code == 200
    assert answer.data["total"]["precision"] is None
    assert api.get("/api/anomalies/evaluation/", {"by": "nobody"}).status_code == 400
    assert api.get("/api/anomalies/evaluation/", {"by": ""}).status_code == 400


class TestThresholds:
    def test_sensitivity_verdicts_and_budget_move_the_line(
        self, sensor: Any, plant: Organization
    ) -> None:
        quiet: Any = SensorWatchFactory.create(asset=sensor.asset, sensitivity="low").sensor
        busy: Any = SensorWatchFactory.create(asset=sensor.asset, alarms_per_week=1).sensor
        for place in range(8):
            anomaly(busy, 30 + place, 30.1 + place)
        for place, verdict in enumerate(["false_alarm", "confirmed", "false_alarm"]):
            anomaly(sensor, place, place + 0.1, verdict, closed_at=at(place))

        lines = queries.thresholds([sensor.pk, quiet.pk, busy.pk], at(40))

        assert lines[quiet.pk] == 1.3
        assert lines[sensor.pk] == pytest.approx(1.15)
        assert lines[busy.pk] == pytest.approx(2**0.25)

    def test_what_was_judged_more_than_a_year_ago_is_forgotten(self, sensor: Any) -> None:
        anomaly(sensor, 0, 1, "false_alarm", closed_at=at(1))

        assert queries.thresholds([sensor.pk], at(300))[sensor.pk] > 1
        assert queries.thresholds([sensor.pk], at(400))[sensor.pk] == 1

    def test_a_label_counts_where_nobody_gave_a_verdict(self, sensor: Any) -> None:
        scored_until(sensor, 40)
        label(sensor, 0, 3, "normal")
        anomaly(sensor, 1, 2)
        anomaly(sensor, 2.5, None, "not_inspected", closed_at=at(5))
        anomaly(sensor, 2, 2.1, "confirmed", closed_at=at(4))
        anomaly(sensor, 2.2, 2.3, work_order=WorkOrderFactory.create(asset=sensor.asset))
        anomaly(sensor, 2.2, 2.3, method="limit")
        label(sensor, 6, 7, "anomaly")
        label(sensor, 6, 9, "normal")
        anomaly(sensor, 6.5, 8)

        # The open anomaly goes on into the later anomaly, too, and what was strange wins.
        assert told(sensor, at(5)) == [WRONG, WRONG, RIGHT]
        assert told(sensor, at(40)) == [WRONG, RIGHT, RIGHT, RIGHT]
        assert told(sensor, at(3 + 365)) == [RIGHT, RIGHT, RIGHT]

    def test_what_was_labeled_and_not_found_makes_a_scored_sensor_more_sensitive(
        self, sensor: Any
    ) -> None:
        scored_until(sensor, 40)
        never: Any = SensorFactory.create(asset=sensor.asset)
        label(never, 10, 11, "anomaly")
        label(sensor, 10, 11, "anomaly")
        label(sensor, 20, 21, "failure")
        label(sensor, 38, 41, "anomaly")
        anomaly(sensor, 12, 14, "false_alarm", closed_at=at(12))
        assert told(sensor, at(45)) == [MISSED, WRONG, MISSED]

        anomaly(sensor, 13, 15, method="trend")

        assert told(sensor, at(45)) == [MISSED, WRONG]
        lines = queries.thresholds([sensor.pk, never.pk], at(11.5))
        assert lines == {sensor.pk: pytest.approx(1 / 1.15), never.pk: 1}

    def test_labels_move_the_line_of_a_machine(self, sensor: Any) -> None:
        asset, other = sensor.asset, SensorFactory.create(asset=sensor.asset)
        MachineModel.objects.create(
            organization=asset.organization, asset=asset, watermark=at(8), updated_at=NOON
        )
        for place in range(3):
            anomaly(sensor, place, place + 0.5, method="machine")
        label(other, 0, 0.2, "normal")
        assert lines([asset.pk], at(9)) == {asset.pk: 1}

        label(sensor, 0, 1.2, "normal")
        label(other, 2.1, 2.2, "failure")
        assert lines([asset.pk], at(9)) == {asset.pk: pytest.approx(1.15)}

        label(other, 5, 6, "anomaly")
        label(other, 7, 8.5, "anomaly")
        assert lines([asset.pk], at(9)) == {asset.pk: pytest.approx(1)}


class TestSensorPage:
    def test_a_planner_sets_how_closely_it_is_watched(
        self, sensor: Any, planner: Membership, client_for: Any
    ) -> None:
        client = client_for(planner)
        url = f"/anomalies/sensors/{sensor.pk}/"

        for sensitivity in ("high", "low"):
            given = {"sensitivity": sensitivity, "alarms_per_week": "2"}
            assert client.post(f"{url}watch/", given).status_code == 302
        refused = client.post(f"{url}watch/", {"sensitivity": "low", "alarms_per_week": "0"})

        assert "1.30 times the usual" in client.get(url).text
        assert refused.status_code == 422
        sensor.refresh_from_db()
        assert (sensor.watch.sensitivity, sensor.watch.alarms_per_week) == ("low", 2)

    def test_a_technician_labels_spans_and_takes_labels_back_but_sets_no_line(
        self, sensor: Any, signed_in: Client
    ) -> None:
        url = f"/anomalies/sensors/{sensor.pk}/"
        span = {"kind": "normal", "started_at": "2026-03-01T10:00", "ended_at": "2026-03-01T11:00"}

        assert signed_in.post(f"{url}label/", span).status_code == 302
        again = signed_in.post(f"{url}label/", span)
        backward = signed_in.post(f"{url}label/", {**span, "ended_at": "2026-03-01T09:00"})

        assert "This span has such a label already." in again.text
        assert "The end must be after the start." in backward.text
        assert signed_in.post(f"{url}watch/", {"sensitivity": "low"}).status_code == 403
        label = sensor.labels.get()
        assert label.created_by.username == "technician"
        signed_in.post(f"/anomalies/labels/{label.pk}/remove/")
        assert not sensor.labels.exists()

    def test_the_form_of_a_label_begins_with_the_times_of_the_anomaly(
        self, sensor: Any, signed_in: Client
    ) -> None:
        row = anomaly(sensor, 1, 2)

        page = signed_in.get(f"/anomalies/sensors/{sensor.pk}/?anomaly={row.pk}").text

        assert 'value="2026-03-02T' in page
        assert 'value="2026-03-03T' in page

    def test_the_api_labels_and_watches_in_the_asset_of_the_sensor(
        self, sensor: Any, planner: Membership, api_for: ApiFor
    ) -> None:
        api = api_for(planner)
        span = {
            "sensor": sensor.pk,
            "kind": "failure",
            "started_at": "2026-03-01T10:00:00Z",
            "ended_at": "2026-03-01T11:00:00Z",
        }

        label = api.post("/api/sensor-labels/", span, format="json")
        watch = api.post("/api/sensor-watches/", {"sensor": sensor.pk}, format="json")
        again = api.post("/api/sensor-watches/", {"sensor": sensor.pk}, format="json")

        assert (label.status_code, label.data["asset"]) == (201, sensor.asset_id)
        assert label.data["created_by"] == planner.user_id
        assert (watch.status_code, watch.data["sensitivity"]) == (201, "normal")
        assert again.status_code in (400, 409)
