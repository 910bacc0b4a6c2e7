"""The detector of a whole machine in the product: fitted by night, judged by day."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import ProgrammingError

from anomalies.detectors.multivariate.model import AssetModel
from anomalies.models import Anomaly, MachineModel
from anomalies.services import machines, refitting
from anomalies.services.machines import score_machines
from anomalies.services.refitting import refit_machines
from assets.models import Asset
from maintenance.models import Verdict
from tests.anomalies.machines import DAY, STEP, Rows, machine, running, send
from tests.factories import (
    NOON,
    AnomalyFactory,
    SensorFactory,
    SensorLabelFactory,
    SensorWatchFactory,
    UptimeEventFactory,
)

pytestmark = pytest.mark.django_db
LEARNED = 21 * DAY
NIGHT = NOON + LEARNED * STEP
END = LEARNED + 8 * DAY
ROWS = running(END)


def moment(row: int) -> Any:
    return NOON + row * STEP


def fitted(rows: Rows | None = None) -> Asset:
    asset = machine(ROWS[:LEARNED] if rows is None else rows)
    refit_machines(asset_ids=[asset.pk], at=NIGHT)
    return asset


def with_fault(rows: Rows = ROWS) -> Rows:
    """The flow rises with the load instead of falling, for two days."""
    rows = rows.copy()
    first = LEARNED + DAY
    rows[first : first + 48, 1] = 40 + 2 * (rows[first : first + 48, 0] - 80) / 4
    return rows


def later(asset: Asset, rows: Rows, end: int = END) -> None:
    machine(rows[LEARNED:end], NIGHT, asset)


def score(asset: Asset, row: int = END) -> int:
    return score_machines(asset_ids=[asset.pk], at=moment(row))


def facts() -> list[tuple[Any, ...]]:
    fields = ("sensor", "started_at", "ended_at", "peak_at", "score", "explanation")
    return list(Anomaly.objects.order_by("started_at").values_list(*fields))


def test_a_machine_whose_sensors_go_together_gets_a_model_with_figures() -> None:
    asset = fitted()

    row = MachineModel.objects.get()
    assert (row.status, row.reason, row.organization_id) == (
        "in_use",
        "",
        asset.organization_id,
    )
    assert sorted(row.channels) == sorted(asset.sensors.values_list("pk", flat=True))
    assert row.watermark == NIGHT
    assert row.window_end == NIGHT - timedelta(days=7)
    assert row.figures["flagged"] <= 0.01
    assert row.figures["explained"] > 0.2


def test_a_relation_that_breaks_is_an_anomaly_that_names_the_sensor() -> None:
    asset = fitted()
    later(asset, with_fault())

    assert score(asset) == 1

    anomaly = Anomaly.objects.get()
    assert (anomaly.method, anomaly.sensor.key) == ("machine", "flow")
    assert anomaly.started_at - moment(LEARNED + DAY) < 12 * STEP
    assert anomaly.ended_at is not None
    assert anomaly.ended_at - moment(LEARNED + DAY + 48) < 48 * STEP
    assert anomaly.explanation.startswith("Together unusual: flow (")
    assert anomaly.contributions[0]["sensor"] == anomaly.sensor_id
    assert sum(one["share"] for one in anomaly.contributions) <= 1.0001
    assert score(asset) == 0


def test_row_by_row_killed_or_in_one_go_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    asset = fitted()
    later(asset, with_fault())
    score(asset)
    at_once, state = facts(), bytes(MachineModel.objects.get().stream)
    Anomaly.objects.all().delete()
    MachineModel.objects.all().delete()
    refit_machines(asset_ids=[asset.pk], at=NIGHT)

    with monkeypatch.context() as broken:
        broken.setattr(machines, "_KEEP", "UPDATE nothing")
        with pytest.raises(ProgrammingError):
            score(asset)
    assert facts() == []
    for row in range(LEARNED + 10, LEARNED + 5 * DAY, 7):
        score(asset, row)
    score(asset)

    assert facts() == at_once
    assert bytes(MachineModel.objects.get().stream) == state


def test_the_same_data_gives_the_same_model() -> None:
    asset = fitted()
    before = bytes(MachineModel.objects.get().model)
    MachineModel.objects.all().delete()

    refit_machines(asset_ids=[asset.pk], at=NIGHT)

    assert bytes(MachineModel.objects.get().model) == before


def test_nothing_is_found_while_the_machine_stands_still_and_settles() -> None:
    asset = fitted()
    start = moment(LEARNED + DAY)
    UptimeEventFactory.create(
        asset=asset, state="down", started_at=start, ended_at=start + 48 * STEP
    )
    later(asset, with_fault())

    assert score(asset) == 0


def test_a_sensor_that_is_lost_leaves_the_others_judged() -> None:
    asset = fitted()
    rows = with_fault()
    asset.sensors.filter(key="temperature").update(is_active=False)
    for j, key in enumerate(("current", "flow")):
        send(asset.sensors.get(key=key), rows[LEARNED:, j], NIGHT)

    score(asset)

    assert Anomaly.objects.get().sensor.key == "flow"


def test_a_row_waits_for_a_sensor_that_sends_late_but_not_for_long() -> None:
    asset = fitted()
    later(asset, ROWS)
    asset.sensors.filter(key="flow").update(last_time=NIGHT + 10 * STEP)

    score(asset, LEARNED + 12)
    assert MachineModel.objects.get().watermark == NIGHT + 10 * STEP
    score(asset, LEARNED + 60)
    assert MachineModel.objects.get().watermark == NIGHT + 58 * STEP


def test_sensors_that_say_nothing_of_each_other_get_no_model() -> None:
    rng = np.random.default_rng(5)
    fitted(rng.normal(10, 1, (LEARNED, 3)))

    row = MachineModel.objects.get()
    assert row.status == MachineModel.Status.NOT_HELPFUL
    assert "say nothing of each other" in row.reason


def test_too_little_is_known_at_first_and_the_page_says_so() -> None:
    asset = machine(ROWS[:50])
    refit_machines(asset_ids=[asset.pk], at=moment(50))

    row = MachineModel.objects.get()
    assert row.status == MachineModel.Status.LEARNING
    assert "at least 160 are needed" in row.reason


def test_what_was_labeled_or_found_and_the_last_week_are_not_learned_from() -> None:
    rows = ROWS[:LEARNED].copy()
    rows[5 * DAY : 6 * DAY, 1] += 30.0
    rows[8 * DAY : 9 * DAY, 2] += 30.0
    rows[19 * DAY :, 0] += 30.0
    asset = machine(rows)
    SensorLabelFactory.create(
        asset=asset,
        sensor=asset.sensors.get(key="flow"),
        kind="failure",
        started_at=moment(5 * DAY),
        ended_at=moment(6 * DAY),
    )
    AnomalyFactory.create(
        asset=asset,
        sensor=asset.sensors.get(key="temperature"),
        started_at=moment(8 * DAY),
        ended_at=moment(9 * DAY),
    )

    refit_machines(asset_ids=[asset.pk], at=NIGHT)

    row = MachineModel.objects.get()
    assert row.status == MachineModel.Status.IN_USE
    assert row.rows == pytest.approx(12 * DAY, abs=6)
    spread = AssetModel.from_bytes(bytes(row.model)).scale[0]
    assert spread.max() < 6


def test_a_false_alarm_is_a_new_way_of_running_and_learned_from_at_once() -> None:
    asset = fitted()
    rows = ROWS.copy()
    rows[LEARNED:, 1] += 6.0
    later(asset, rows)
    score(asset)
    Anomaly.objects.update(verdict=Verdict.FALSE_ALARM, closed_at=moment(END))

    refit_machines(asset_ids=[asset.pk], at=moment(END))

    row = MachineModel.objects.get()
    assert row.window_end is not None
    assert row.window_end > moment(END - 2)
    assert row.reason == ""


def test_a_worse_model_is_not_taken_until_the_old_one_has_aged() -> None:
    asset = fitted()
    later(asset, ROWS)
    SensorLabelFactory.create(
        asset=asset,
        sensor=asset.sensors.get(key="flow"),
        kind="anomaly",
        started_at=NOON,
        ended_at=moment(END),
    )

    refit_machines(asset_ids=[asset.pk], at=moment(LEARNED + DAY))
    row = MachineModel.objects.get()
    assert (row.status, row.fitted_at) == (MachineModel.Status.IN_USE, NIGHT)
    assert row.reason.startswith("The last model stays")

    refit_machines(asset_ids=[asset.pk], at=NIGHT + refitting.KEPT + timedelta(days=1))
    row.refresh_from_db()
    assert (row.status, bytes(row.model)) == (MachineModel.Status.LEARNING, b"")


def test_a_marked_setting_makes_modes_and_is_not_judged() -> None:
    rows = ROWS[:LEARNED].copy()
    speed = np.where(np.arange(LEARNED) // DAY % 2, 3000.0, 1500.0)
    rows[:, 1] += np.where(speed > 2000, 50.0, 0.0)
    asset = machine(rows)
    sensor = SensorFactory.create(asset=asset, key="speed", expected_interval=STEP)
    send(sensor, speed, NOON)
    SensorWatchFactory.create(asset=asset, sensor=sensor, is_setting=True)

    refit_machines(asset_ids=[asset.pk], at=NIGHT)

    row = MachineModel.objects.get()
    assert row.settings == [sensor.pk]
    assert sensor.pk not in row.channels
    assert AssetModel.from_bytes(bytes(row.model)).mode_at.shape == (2, 1)


def test_what_goes_on_when_all_fall_silent_ends_and_goes_on_when_they_return() -> None:
    asset = fitted()
    rows, in_fault = with_fault(), LEARNED + DAY + 30
    later(asset, rows, in_fault)
    score(asset, in_fault)
    assert Anomaly.objects.get().ended_at is None

    score(asset, in_fault + 120)
    ended = Anomaly.objects.get().ended_at
    assert ended == moment(in_fault - 2)
    assert score(asset, in_fault + 121) == 0

    machine(rows[in_fault : in_fault + 10], moment(in_fault), asset)
    score(asset, in_fault + 122)
    assert Anomaly.objects.get().ended_at == moment(in_fault + 8)
