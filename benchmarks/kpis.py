#!/usr/bin/env python3
"""What the KPIs of a large plant take: the first time, an hour later, after a correction.

    python -m opssight.runtime run -- python -m benchmarks.kpis [ASSETS]

ASSETS (default 10,000) at five sites, each with 30 stops in a year and 10 orders with their
history. The reference of the same run is a count of all their KPIs. See benchmarks.schedules for
the columns. Works as the product's role, inside the walls. Wants an empty database, and leaves its
rows there.
"""

import os
import sys
from collections.abc import Callable
from datetime import timedelta

os.environ |= {"RATELIMIT_ENABLE": "false", "LOG_LEVEL": "ERROR"}
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opssight.settings")

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from assets.models import Asset, AssetKpi, Site, UptimeEvent  # noqa: E402
from benchmarks.schedules import HOUR, NOW, PIECE, measure  # noqa: E402
from maintenance.models import WorkOrder  # noqa: E402
from maintenance.queries import costs  # noqa: E402
from maintenance.services.kpis import refresh_kpis  # noqa: E402
from opssight.accounts.models import Organization, User  # noqa: E402
from opssight.core import walls  # noqa: E402
from opssight.core.database_role import as_owner  # noqa: E402

SITES = 5
_STOPS = """
INSERT INTO uptime_events (organization_id, asset_id, state, cause, reason, started_at, ended_at)
SELECT organization_id, id, 'down', CASE WHEN n %% 2 = 0 THEN 'failure' ELSE 'planned' END, '',
    %(at)s - n * interval '12 days', %(at)s - n * interval '12 days' + interval '5 hours'
FROM assets CROSS JOIN generate_series(1, 30) AS n
"""
_HISTORY = """
INSERT INTO maintenance_history (organization_id, asset_id, work_order_id, title, maintenance_type,
    failure_mode, failure_cause, failure_mechanism, verdict, started_at, completed_at,
    performed_by_id, notes, labor_minutes, downtime_minutes, labor_cost, parts_cost, other_cost,
    parts, readings)
SELECT organization_id, asset_id, id, title, maintenance_type, '', '', '', '', started_at,
    completed_at, completed_by_id, '', 60, 0, 60, 5, 0, '[]', '[]' FROM work_orders
"""


def build(count: int) -> None:
    plant = Organization.objects.create(name="Plant", slug="bench-kpis")
    user = User.objects.create(username="bench-kpis")
    sites = [
        Site.objects.create(organization=plant, code=f"S{number}", name=f"Site {number}")
        for number in range(SITES)
    ]
    Asset.objects.bulk_create(
        (
            Asset(organization=plant, site=sites[i % SITES], tag=f"P-{i}", name=f"Pump {i}")
            for i in range(count)
        ),
        batch_size=PIECE,
    )
    with connection.cursor() as cursor:
        cursor.execute(_STOPS, {"at": NOW})
    for asset in Asset.objects.order_by("pk").iterator(chunk_size=1000):
        WorkOrder.objects.bulk_create(order(asset, user, number) for number in range(1, 11))
    with connection.cursor() as cursor:
        cursor.execute(_HISTORY)
        cursor.execute("ANALYZE")


def order(asset: Asset, user: User, number: int) -> WorkOrder:
    """One completed every 35 days: every third was a repair."""
    began = NOW - timedelta(days=35 * number + 1)
    return WorkOrder(
        organization_id=asset.organization_id,
        asset=asset,
        title="Service",
        maintenance_type="preventive" if number % 3 else "corrective",
        status=WorkOrder.Status.COMPLETED,
        due_at=began + timedelta(days=1),
        created_at=began - timedelta(days=4),
        started_at=began,
        completed_at=began + 3 * HOUR,
        completed_by=user,
    )


def main() -> None:
    # Building takes memory; in a process of its own, so that what is measured is not hidden by it.
    if (child := os.fork()) == 0:
        call_command("migrate", verbosity=0)
        with as_owner():
            if Organization.objects.exists():
                sys.exit("The database is in use. Take a throw-away one, as in the first lines.")
            build(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
        sys.exit()
    if os.waitpid(child, 0)[1]:
        sys.exit(1)
    with as_owner():
        plant = Organization.objects.get(slug="bench-kpis")
    with walls.acting(organizations=[plant.pk]):
        run(plant)


def run(plant: Organization) -> None:
    def beat(hours: int) -> int:
        return refresh_kpis(organization_id=plant.pk, at=NOW + hours * HOUR)

    def correct() -> int:
        """Every asset's stop of half a year ago began an hour earlier."""
        then = NOW - timedelta(days=180)
        return UptimeEvent.objects.filter(started_at=then).update(started_at=then - HOUR)

    def a_year_of_costs() -> int:
        costed = costs.with_costs(Asset.objects.all(), start=NOW - 365 * 24 * HOUR, end=NOW)
        return len(costs.rows(costed, ranking="cost"))

    print(f"{Asset.objects.count():,} assets, {UptimeEvent.objects.count():,} stops")
    steps: dict[str, Callable[[], object]] = {
        "all KPIs, the first time": lambda: beat(0),
        "an hour later": lambda: beat(1),
        "a stop of one asset of half a year ago goes": lambda: UptimeEvent.objects.filter(
            asset=Asset.objects.order_by("pk")[0], started_at=NOW - timedelta(days=180)
        ).delete(),
        "an hour later, with that correction": lambda: beat(2),
        "a stop of every asset is corrected": correct,
        "an hour later, with those corrections": lambda: beat(3),
        "costs of a year": a_year_of_costs,
        "reference: a count of all KPIs": AssetKpi.objects.count,
    }
    for name, action in steps.items():
        measure(name, action)


if __name__ == "__main__":
    main()
