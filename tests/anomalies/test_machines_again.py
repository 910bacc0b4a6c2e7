"""Rows of a machine that are judged again: what came late, what was corrected, a range by hand."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from anomalies import services, tasks
from anomalies.models import Anomaly, LateReadings, MachineModel
from anomalies.services import machine_rescoring, recording
from anomalies.services.late import QUIET, machines_with_late
from anomalies.services.rescoring import Rescored
from assets.models import Asset, Reading, Sensor
from assets.services import corrections
from assets.services.readings import ingest
from tests.anomalies.machines import DAY, STEP, Rows
from tests.anomalies.test_machines import (
    END,
    LEARNED,
    NIGHT,
    ROWS,
    fitted,
    later,
    moment,
    score,
    with_fault,
)
from tests.factories import UptimeEventFactory

pytestmark = pytest.mark.django_db
FAULT = LEARNED + DAY
LATER = moment(END + 2)


@pytest.fixture(autouse=True)
def _no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """What asks for work is kept as it is."""
    monkeypatch.setattr(recording, "_calls_for_work", lambda row: False)


def facts() -> list[tuple[Any, ...]]:
    fields = ("sensor__key", "started_at", "ended_at", "peak_at", "severity", "explanation")
    return list(Anomaly.objects.order_by("started_at").values_list(*fields))


def again(asset: Asset, **given: Any) -> Rescored:
    return services.rescore_machine(
        asset_id=asset.pk, **{"start": NIGHT, "end": LATER, "at": LATER, **given}
    )


def judged(rows: Rows) -> Asset:
    asset = fitted()
    later(asset, rows)
    score(asset)
    return asset


def send(sensor: Sensor, rows: Rows, first: int, last: int) -> None:
    values = enumerate(rows[first:last, 1].tolist(), first)
    ingest(rows=[(sensor.pk, moment(row), value) for row, value in values])


def test_nothing_changes_where_nothing_changed_and_a_stop_recorded_later_counts() -> None:
    asset = judged(with_fault())
    before, model = facts(), MachineModel.objects.get()

    assert again(asset, start=NIGHT + 5 * STEP) == Rescored(readings=END - LEARNED - 6, again=1)
    assert facts() == before
    # From within what goes on, from its begin.
    assert again(asset, start=moment(FAULT + 20), end=moment(FAULT + 30)).again == 1
    assert facts() == before
    assert again(asset, start=moment(FAULT + 120)).again == 0

    UptimeEventFactory.create(
        asset=asset, state="idle", started_at=moment(FAULT - 1), ended_at=moment(FAULT + 50)
    )
    assert again(asset, dry_run=True).removed == 1
    assert facts() == before
    out, sensor = StringIO(), asset.sensors.get(key="flow")
    services.score_sensors(sensor_ids=[sensor.pk], at=NIGHT)
    call_command(
        "rescore",
        organization=asset.organization.slug,
        start=NIGHT,
        end=LATER,
        stdout=out,
    )
    assert "as a whole: 0 new, 0 found again, 1 removed" in out.getvalue()
    assert not Anomaly.objects.filter(method="machine").exists()
    assert MachineModel.objects.get().watermark == model.watermark


def test_a_sensor_that_sends_its_buffer_late_gives_what_it_would_have_given_in_time() -> None:
    rows = with_fault()
    judged(rows)
    in_time = facts()
    Anomaly.objects.all().delete()
    MachineModel.objects.all().delete()
    Reading.objects.all().delete()
    asset = fitted()
    later(asset, rows)
    flow = asset.sensors.get(key="flow")
    cut = FAULT - 5
    Reading.objects.filter(sensor=flow, time__gte=moment(cut)).delete()
    asset.sensors.filter(pk=flow.pk).update(last_time=moment(cut - 1))
    score(asset, END)
    assert facts() == []
    assert not LateReadings.objects.exists()

    send(flow, rows, cut, END)
    score(asset, END + 1)

    noted = LateReadings.objects.get()
    assert (noted.since, noted.is_for_machine) == (moment(cut), True)
    due = noted.noted_at + QUIET
    assert machines_with_late(asset.organization_id, due) == [asset.pk]
    assert machines_with_late(asset.organization_id, due - timedelta(minutes=1)) == []
    owner = asset.organization_id
    assert tasks.score_late_machines(organization_id=owner, asset_ids=[asset.pk]) == 1
    assert [one[:4] for one in facts()] == [one[:4] for one in in_time]
    assert not services.score_late_machine(asset_id=asset.pk, at=LATER)


def test_a_reading_that_is_corrected_is_judged_again_by_the_machine_too() -> None:
    rows = ROWS.copy()
    rows[FAULT, 1] = 4000.0
    asset = judged(rows)
    services.score_sensors(sensor_ids=list(asset.sensors.values_list("pk", flat=True)), at=LATER)
    found = Anomaly.objects.filter(method="machine")
    assert found.exists()
    flow = asset.sensors.get(key="flow")

    corrections.correct(sensor=flow, time=moment(FAULT), value=ROWS[FAULT, 1])
    services.score_late(sensor_id=flow.pk, at=LATER)
    assert services.score_late_machine(asset_id=asset.pk, at=LATER)

    assert not found.exists()


def test_who_is_killed_in_the_middle_has_changed_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asset = judged(with_fault())
    before, state = facts(), MachineModel.objects.values().get()
    Reading.objects.filter(time__gte=moment(FAULT), sensor__key="flow").update(value=40)

    def fail(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(machine_rescoring, "_take_over", fail)
    with pytest.raises(RuntimeError):
        again(asset)

    assert (facts(), MachineModel.objects.values().get()) == (before, state)
