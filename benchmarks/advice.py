#!/usr/bin/env python3
"""What the pages of advice take with many recommendations: the verdicts, and the list.

    python -m opssight.runtime run -- python -m benchmarks.advice [RECOMMENDATIONS]

RECOMMENDATIONS (default 10,000), half of them open, half judged, on a fifth as many assets, each
with three anomalies; and as many schedules that larger ones include. The reference of the same run
is a count of all recommendations. Everything is done twice: the second time counts. See
benchmarks.schedules for the columns. Wants an empty database, and leaves its rows there.
"""

import os
import sys
from collections.abc import Callable
from datetime import timedelta

os.environ |= {"RATELIMIT_ENABLE": "false", "LOG_LEVEL": "ERROR"}
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opssight.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from anomalies.models import Anomaly  # noqa: E402
from assets.models import Asset, Sensor, Site  # noqa: E402
from benchmarks.schedules import measure  # noqa: E402
from maintenance.models import MaintenanceSchedule, Recommendation  # noqa: E402
from maintenance.queries.schedules import overdue  # noqa: E402
from maintenance.queries.verdicts import tally  # noqa: E402
from maintenance.services.schedules import refresh_next_due  # noqa: E402
from opssight.accounts.models import Membership, Organization, User  # noqa: E402
from opssight.accounts.permissions import Role  # noqa: E402
from opssight.core import walls  # noqa: E402
from opssight.core.database_role import as_owner  # noqa: E402

NOW = timezone.now()
DAY = timedelta(days=1)
MODES = ("bearing wear", "leak", "misalignment", "cavitation")
PAGES = (
    "/maintenance/verdicts/",
    "/maintenance/recommendations/",
    "/api/maintenance/recommendations/",
    "/maintenance/schedules/?show=overdue",
)


def build(count: int) -> None:
    plant = Organization.objects.create(name="Plant", slug="bench-advice")
    user = User.objects.create(username="bench-advice")
    Membership.objects.create(user=user, organization=plant, role=Role.PLANNER)
    site = Site.objects.create(organization=plant, code="S1", name="Site")
    assets = Asset.objects.bulk_create(
        Asset(organization=plant, site=site, tag=f"P-{i}", name=f"Pump {i}", category="pump")
        for i in range(max(count // 5, 1))
    )
    sensors = Sensor.objects.bulk_create(
        Sensor(organization=plant, asset=asset, key="v", quantity="vibration") for asset in assets
    )
    rows = Recommendation.objects.bulk_create(
        (advice(plant, user, assets[i % len(assets)], i) for i in range(count)), batch_size=2000
    )
    Anomaly.objects.bulk_create(
        (
            anomaly(row, sensors[i % len(sensors)], number)
            for i, row in enumerate(rows)
            for number in range(3)
        ),
        batch_size=2000,
    )
    larger = MaintenanceSchedule.objects.bulk_create(
        service(plant, assets[i % len(assets)], 365, i % 40 - 20) for i in range(count // 10)
    )
    MaintenanceSchedule.objects.bulk_create(
        (
            service(plant, larger[i % len(larger)].asset, 30, i % 40 - 25, larger[i % len(larger)])
            for i in range(count)
        ),
        batch_size=2000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def advice(plant: Organization, user: User, asset: Asset, number: int) -> Recommendation:
    """Every second one is open, each for a failure mode of its own; the others are judged."""
    mode, is_open = MODES[number % len(MODES)], number % 2 == 0
    opened = NOW - (number % 300 + 5) * DAY
    return Recommendation(
        organization=plant,
        asset=asset,
        failure_mode=f"{mode} {number}" if is_open else mode,
        detector=f"detector {number % 5}",
        reason="It rises.",
        rank=number % 100,
        suggested_due_at=NOW + 9 * DAY,
        status="open" if is_open else "completed",
        opened_at=opened,
        closed_at=None if is_open else opened + 5 * DAY,
        decided_by=None if is_open else user,
        verdict="" if is_open else ("confirmed" if number % 3 else "false_alarm"),
    )


def anomaly(row: Recommendation, sensor: Sensor, number: int) -> Anomaly:
    began = row.opened_at - number * DAY / 4 - timedelta(seconds=row.pk)
    return Anomaly(
        organization_id=row.organization_id,
        asset_id=row.asset_id,
        sensor=sensor,
        recommendation=row,
        channel="high",
        failure_mode=row.failure_mode,
        severity="high",
        started_at=began,
        ended_at=began + DAY / 24,
        peak_at=began,
        peak_value=7,
        expected_value=5,
        score=2,
    )


def service(
    plant: Organization,
    asset: Asset,
    every: int,
    day: int,
    larger: MaintenanceSchedule | None = None,
) -> MaintenanceSchedule:
    due = NOW + day * DAY
    return MaintenanceSchedule(
        organization=plant,
        asset=asset,
        title="Service",
        every=every,
        unit="days",
        starts_at=due,
        calendar_due_at=due,
        next_due_at=due,
        included_in=larger,
    )


def main() -> None:
    call_command("migrate", verbosity=0)
    with as_owner():
        if Organization.objects.exists():
            sys.exit("The database is in use. Take a throw-away one, as in the first lines.")
        build(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
        user = User.objects.get(username="bench-advice")
        plant = Organization.objects.get(slug="bench-advice")
    settings.ALLOWED_HOSTS = ["testserver"]
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    client = Client()
    with as_owner():
        client.force_login(user)

    def page(path: str) -> int:
        return client.get(path).status_code

    with walls.acting(organizations=[plant.pk]):
        print(f"{Recommendation.objects.count():,} recommendations")
        everything = MaintenanceSchedule.objects.all()
        one = Asset.objects.filter(pk=Asset.objects.order_by("pk")[0].pk)
        steps: dict[str, Callable[[], object]] = {
            "reference: a count of recommendations": Recommendation.objects.count,
            "verdicts, counted": lambda: tally(Recommendation.objects.all(), since=None).total,
            "overdue schedules, without absorbed ones": lambda: overdue(everything, at=NOW).count(),
            "next due date of one asset": lambda: refresh_next_due(assets=one),
        }
        for name, action in [*steps.items(), *steps.items()]:
            measure(name, action)
    for path in [*PAGES, *PAGES]:
        measure(path, lambda path=path: page(path))  # type: ignore[misc]


if __name__ == "__main__":
    main()
