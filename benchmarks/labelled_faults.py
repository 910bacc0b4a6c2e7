#!/usr/bin/env python3
"""Labelled faults through the whole product: import, score, recommend, on the database in use.

    python -m opssight.runtime run -- python -m benchmarks.labelled_faults [DATA]

DATA holds nab/, skab/ and cmapss/ (default: the tests' data folder). Each happens in a
transaction that is rolled back, so the database is left as it was. A fault is caught by an anomaly
of its asset that overlaps it; anomalies that overlap no fault are outside. Severity low asks for no
work, so anomalies outside that do are counted on their own. A recommendation hits when its asset
had a labelled fault (C-MAPSS: every engine fails in the end).

The data set C-MAPSS counts flights and does not tell how long one lasts, so it is measured twice:
with a cycle taken as an hour and as a day.
"""

import argparse
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opssight.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402

from anomalies import queries, services  # noqa: E402
from anomalies.models import Anomaly  # noqa: E402
from assets.models import Reading, Site  # noqa: E402
from maintenance.models import Recommendation, Urgency  # noqa: E402
from opssight.accounts.models import Organization  # noqa: E402
from opssight.core.database_role import as_owner  # noqa: E402
from telemetry.services.quality import look  # noqa: E402
from tests.data import data_folder  # noqa: E402
from tests.data.labelled import Recording, Window, cmapss, nab, skab  # noqa: E402

SLUG = "labelled-faults"


@dataclass
class Result:
    """Counts over one data set; seconds for import and for scoring, database included."""

    name: str
    faults: int = 0
    caught: int = 0
    outside: int = 0
    outside_for_work: int = 0
    recommendations: int = 0
    hits: int = 0
    readings: int = 0
    importing: float = 0.0
    scoring: float = 0.0
    quote: str = ""

    def row(self) -> str:
        rate = self.readings / self.scoring if self.scoring else 0.0
        return (
            f"{self.name:46s} {self.caught:4d}/{self.faults:<4d} {self.outside:7d} "
            f"{self.outside_for_work:8d} {self.recommendations:5d} {self.hits:5d} "
            f"{self.readings:9,d} {self.importing:7.1f} {self.scoring:7.1f} {rate:9,.0f}"
        )


HEADER = (
    f"{'data set':46s} {'caught':>9s} {'outside':>7s} {'for work':>8s} {'recs':>5s} {'hits':>5s} "
    f"{'readings':>9s} {'import':>7s} {'score s':>7s} {'per s':>9s}"
)


@transaction.atomic
def replay(name: str, recordings: Iterable[Recording], at: datetime) -> Result:
    """Import the recordings into an organization, score them, compare with the labels, forget."""
    organization = Organization.objects.create(name="Labelled faults", slug=SLUG)
    Site.objects.create(organization=organization, code="LAB", name="Laboratory")
    result = Result(name)
    faults: dict[str, list[Window]] = {}
    began = time.perf_counter()
    for recording in recordings:
        call_command(
            "import_readings",
            str(recording.path),
            *("--organization", SLUG, "--create-missing", "--allow-rejects"),
            *recording.options,
            verbosity=0,
        )
        faults |= recording.faults
    result.importing = time.perf_counter() - began
    began = time.perf_counter()
    for sensor_ids in queries.chunks_to_score(organization.pk):
        look(sensor_ids=sensor_ids, at=at)
        services.score_sensors(sensor_ids=sensor_ids, at=at)
    result.scoring = time.perf_counter() - began
    _compare(result, faults)
    transaction.set_rollback(True)
    return result


def _compare(result: Result, faults: dict[str, list[Window]]) -> None:
    mine = {"asset__tag__in": list(faults), "organization__slug": SLUG}
    caught: set[tuple[str, Window]] = set()
    for anomaly in Anomaly.objects.filter(**mine).select_related("asset"):
        windows = faults[anomaly.asset.tag]
        end = anomaly.ended_at or datetime.max.replace(tzinfo=UTC)
        hit = [w for w in windows if anomaly.started_at <= w[1] and end >= w[0]]
        caught.update((anomaly.asset.tag, window) for window in hit)
        result.outside += not hit
        result.outside_for_work += not hit and anomaly.severity != Urgency.LOW
    worst = Anomaly.objects.filter(**mine).order_by("-score", "pk").first()
    result.quote = f"{worst.asset.tag}: {worst.explanation}" if worst else ""
    recommended = Recommendation.objects.filter(**mine).values_list("asset__tag", flat=True)
    result.faults = sum(len(windows) for windows in faults.values())
    result.caught = len(caught)
    result.recommendations = len(recommended)
    result.hits = sum(bool(faults[tag]) for tag in recommended)
    result.readings = Reading.objects.filter(
        sensor__asset__tag__in=list(faults), sensor__organization__slug=SLUG
    ).count()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path, nargs="?", default=None)
    root = parser.parse_args().data or data_folder()
    if root is None:
        raise SystemExit("No data folder found. Give its path as the first argument.")
    call_command("migrate", verbosity=0)
    at = datetime.now(UTC)  # noqa: TID251 (a benchmark has no caller to take it from)
    print(HEADER)
    results = []
    for name, recordings in data_sets(root):
        results.append(replay(name, recordings, at))
        print(results[-1].row(), flush=True)
    print("\nIn words, the strongest anomaly of each:")
    for result in results:
        print(f"    {result.quote}")


def data_sets(root: Path) -> Iterator[tuple[str, list[Recording]]]:
    for recording in nab(root / "nab"):
        yield recording.name, [recording]
    yield "SKAB valve1, 16 runs", [r for r in skab(root / "skab") if any(r.faults.values())]
    yield "SKAB anomaly-free", [r for r in skab(root / "skab") if not any(r.faults.values())]
    for hours in (1, 24):
        recording = cmapss(root / "cmapss", hours)
        yield recording.name, [recording]


if __name__ == "__main__":
    with as_owner():  # makes an organization; what is measured works inside the walls
        main()
