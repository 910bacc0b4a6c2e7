"""Real machines: their recordings come in through the CLI and leave as explained advice."""

import gzip
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import call_command

from anomalies.models import Anomaly
from anomalies.tasks import score_new_readings
from assets.models import Reading, Site
from maintenance.models import Recommendation
from notifications.models import Notification
from opssight.accounts.models import Membership
from tests.data import labelled, need_data
from tests.factories import SiteFactory


@pytest.fixture
def site(planner: Membership) -> Site:
    site: Site = SiteFactory.create(organization=planner.organization)
    return site


def replay(recording: labelled.Recording) -> None:
    """Import and score, everything twice, as an impatient user and a repeated task would."""
    command = ("import_readings", str(recording.path), *recording.options)
    for _ in range(2):
        call_command(*command, "--create-missing", "--allow-rejects", verbosity=0)
    readings = Reading.objects.count()
    for _ in range(2):
        score_new_readings.delay()
    assert Reading.objects.count() == readings


def caught(recording: labelled.Recording) -> int:
    """Labelled faults that an anomaly of their asset overlaps."""
    return sum(
        Anomaly.objects.filter(asset__tag=tag, started_at__lte=end)
        .exclude(ended_at__lt=start)
        .exists()
        for tag, windows in recording.faults.items()
        for start, end in windows
    )


@pytest.mark.django_db
class TestRealTelemetry:
    def test_the_failing_machine_of_nab_is_recommended_for_maintenance(self, site: Site) -> None:
        [recording] = labelled.nab(need_data("nab"), labelled.NAB_MACHINES[:1])

        replay(recording)

        assert caught(recording) >= 3
        recommendation = Recommendation.objects.get()
        assert recommendation.anomalies.exists()
        assert "°C" in recommendation.reason
        assert "since 7 Feb 2014, 12:45 UTC" in recommendation.reason
        assert Notification.objects.count() == 1

    def test_the_closing_valve_of_skab_is_noticed(self, site: Site) -> None:
        recording = next(labelled.skab(need_data("skab")))

        replay(recording)

        assert caught(recording) == 1
        assert Anomaly.objects.count() < 20
        assert all(anomaly.explanation for anomaly in Anomaly.objects.all())

    @pytest.mark.crawl
    def test_engines_of_cmapss_are_imported_by_cycle_and_scored(
        self, site: Site, tmp_path: Path
    ) -> None:
        whole = labelled.cmapss(need_data("cmapss"))
        slice_ = tmp_path / "engines.txt.gz"
        with gzip.open(whole.path, "rt") as lines:
            wanted = [line for line in lines if line.split()[0] in {"1", "2", "3", "4"}]
        slice_.write_bytes(gzip.compress("".join(wanted).encode()))
        faults = {tag: whole.faults[tag] for tag in ("1", "2", "3", "4")}
        recording = replace(whole, path=slice_, faults=faults)

        replay(recording)

        assert Reading.objects.count() == 21 * len(wanted)
        assert caught(recording) >= 1
        for recommendation in Recommendation.objects.all():
            assert recommendation.reason
            assert recommendation.asset.tag in faults
