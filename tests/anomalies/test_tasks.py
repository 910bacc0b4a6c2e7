import pytest

from anomalies import queries
from anomalies.models import Anomaly, DetectorState
from anomalies.tasks import score_chunk, score_new_readings
from tests.anomalies.signals import ordinary, sensor_with, with_fault
from tests.factories import AssetFactory, SensorFactory


@pytest.mark.django_db
class TestScoreNewReadings:
    def test_scores_every_sensor_with_unread_readings_once(self) -> None:
        strange = sensor_with(with_fault())
        other = sensor_with(ordinary())
        SensorFactory.create()

        for _ in range(2):
            score_new_readings.delay()

        assert Anomaly.objects.get().sensor == strange
        assert DetectorState.objects.count() == 2
        assert queries.sensors_to_score(strange.organization_id) == []
        assert queries.sensors_to_score(other.organization_id) == []

    def test_fans_out_in_chunks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        chunks: list[list[int]] = []
        monkeypatch.setattr(
            score_chunk, "apply_async", lambda kwargs, **_: chunks.append(kwargs["sensor_ids"])
        )
        asset = AssetFactory.create()
        first, second, third = (sensor_with([1.0], asset=asset) for _ in range(3))
        monkeypatch.setattr(queries.scoring, "NEW_AT_ONCE", 2)

        score_new_readings.delay()

        assert chunks == [[first.pk, second.pk], [third.pk]]
