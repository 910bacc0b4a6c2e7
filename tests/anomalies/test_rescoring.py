from datetime import timedelta
from io import StringIO
from typing import Any, NoReturn

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from anomalies import services, tasks
from anomalies.detectors.streaming.memory import load
from anomalies.models import Anomaly, DetectorState, Incident
from anomalies.services import recording, rescoring
from assets.models import Reading, Sensor
from maintenance.models import Recommendation, Urgency, Verdict
from opssight.accounts.models import Membership
from tests.anomalies.signals import STEP, ordinary, sensor_with, store, with_fault
from tests.factories import NOON, AnomalyFactory, AssetFactory, UptimeEventFactory

LATER = NOON + timedelta(days=11)
FAULT = NOON + 1300 * STEP

pytestmark = pytest.mark.django_db


def facts() -> list[tuple[object, ...]]:
    return list(Anomaly.objects.order_by("sensor", "started_at").values_list())


def scored(values: Any, **fields: Any) -> Sensor:
    sensor = sensor_with(values, **fields)
    services.score_sensors(sensor_ids=[sensor.pk], at=LATER)
    return sensor


def rescore(sensor: Sensor, **given: Any) -> services.Rescored:
    return services.rescore(
        sensor_id=sensor.pk, **{"start": NOON, "end": LATER, "at": LATER, **given}
    )


@pytest.fixture(autouse=True)
def _work_for_severe_ones_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "ADVISE_FROM", Urgency.HIGH)


def mild() -> Any:
    """A fault that opens no recommendation: nothing hangs on it."""
    values = ordinary()
    values[1300:1306] += 0.5
    return values


def test_nothing_changes_where_nothing_changed() -> None:
    sensor = scored(with_fault())
    before, state = facts(), DetectorState.objects.get()

    answer = rescore(sensor)

    assert (answer.readings, answer.kept, answer.new, answer.removed) == (1440, 1, 0, 0)
    assert facts() == before
    after = DetectorState.objects.get()
    one, other = load([bytes(state.state), bytes(after.state)])
    for name in one.dtype.names:
        np.testing.assert_array_equal(one[name], other[name])
    for name in ("watermark", "learned_until", "learned", "open_event"):
        assert getattr(after, name) == getattr(state, name)


def test_what_is_no_longer_found_goes_and_what_is_found_now_comes() -> None:
    sensor = scored(ordinary())
    wrong = AnomalyFactory.create(
        asset=sensor.asset, sensor=sensor, started_at=NOON + 900 * STEP, ended_at=None
    )
    Reading.objects.filter(sensor=sensor, time__gte=FAULT).delete()
    store(sensor, with_fault()[1300:], FAULT)

    answer = rescore(sensor, start=NOON + 800 * STEP)

    assert (answer.new, answer.removed, answer.readings) == (1, 1, 640)
    found = Anomaly.objects.get()
    assert found.pk != wrong.pk
    assert found.started_at == FAULT
    assert Recommendation.objects.get().anomalies.get() == found


def test_what_a_person_dealt_with_is_kept_and_nothing_is_put_beside_it(
    planner: Membership,
) -> None:
    sensor = scored(mild(), asset=AssetFactory.create(organization=planner.organization))
    row = Anomaly.objects.get()
    services.review(anomaly=row, verdict=Verdict.CONFIRMED, by=planner.user, at=LATER)
    Anomaly.objects.update(started_at=row.started_at - timedelta(hours=1))
    before = facts()

    answer = rescore(sensor)

    assert (answer.kept, answer.new) == (1, 0)
    assert facts() == before


def test_found_again_it_keeps_its_address_and_may_be_milder() -> None:
    sensor = scored(mild())
    row = Anomaly.objects.get()
    Anomaly.objects.update(severity="critical", explanation="Of the old detector.")

    answer = rescore(sensor)

    row.refresh_from_db()
    assert (answer.again, answer.kept) == (1, 0)
    assert row.severity in ("low", "medium")
    assert row.explanation != "Of the old detector."


def test_a_stop_recorded_later_takes_its_anomaly_away_and_its_incident_with_it() -> None:
    sensor = scored(mild())
    other = AnomalyFactory.create(asset=sensor.asset, started_at=FAULT, ended_at=LATER)
    row = Anomaly.objects.get(sensor=sensor)
    rescore(sensor)
    assert Incident.objects.get().anomalies.count() == 2
    UptimeEventFactory.create(
        asset=sensor.asset, state="down", started_at=FAULT - STEP, ended_at=FAULT + 20 * STEP
    )

    assert rescore(sensor).removed == 1

    assert not Anomaly.objects.filter(pk=row.pk).exists()
    assert not Incident.objects.exists()
    other.refresh_from_db()
    assert other.incident is None


def test_a_range_of_the_past_leaves_what_is_remembered_of_today() -> None:
    sensor = scored(mild())
    state = DetectorState.objects.values().get()
    Anomaly.objects.all().delete()

    # The anomaly begins in the range and ends after it.
    answer = rescore(sensor, start=FAULT - timedelta(days=2), end=FAULT + 3 * STEP)

    assert answer.new == 1
    assert Anomaly.objects.get().ended_at is not None
    assert DetectorState.objects.values().get() == state


def test_a_dry_run_says_it_and_changes_nothing() -> None:
    sensor = scored(mild())
    Anomaly.objects.all().delete()

    assert rescore(sensor, dry_run=True).new == 1
    assert not Anomaly.objects.exists()


def test_who_is_killed_in_the_middle_has_changed_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    sensor = scored(mild())
    AnomalyFactory.create(
        asset=sensor.asset, sensor=sensor, started_at=NOON + 900 * STEP, ended_at=None
    )
    before, state = facts(), DetectorState.objects.values().get()

    def killed(*_: Any) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(rescoring, "_take_over", killed)
    with pytest.raises(KeyboardInterrupt):
        rescore(sensor)

    assert facts() == before
    assert DetectorState.objects.values().get() == state


def test_the_task_does_the_same() -> None:
    sensor = scored(mild())
    Anomaly.objects.all().delete()

    found = tasks.rescore_sensors(
        organization_id=sensor.organization_id,
        sensor_ids=[sensor.pk],
        start=NOON.isoformat(),
        end=LATER.isoformat(),
    )

    assert found == Anomaly.objects.count() == 1


class TestCommand:
    def run(self, *more: str, slug: str) -> str:
        out = StringIO()
        given = ["--organization", slug, "--from", "2026-03-01", "--to", "2026-03-20T00:00+01:00"]
        call_command("rescore", *given, *more, stdout=out)
        return out.getvalue()

    def test_says_what_became_of_each_sensor(self) -> None:
        sensor = scored(mild(), key="vibration")
        Anomaly.objects.all().delete()
        slug = sensor.organization.slug

        dry = self.run("--dry-run", slug=slug)
        told = self.run("--asset", sensor.asset.tag, slug=slug)

        assert "Nothing was changed; it would be: 1,440 readings of 1 sensors." in dry
        assert f"{sensor.asset.tag} vibration: 1 new, 0 found again, 0 removed" in told
        assert Anomaly.objects.count() == 1

    def test_names_what_it_does_not_find(self) -> None:
        sensor = scored(mild())

        with pytest.raises(CommandError, match="There is no organization 'nobody'"):
            self.run(slug="nobody")
        with pytest.raises(CommandError, match="Look at --asset and --sensor"):
            self.run("--asset", "X", slug=sensor.organization.slug)
