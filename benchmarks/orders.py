#!/usr/bin/env python3
"""What the pages and the API of work orders take with many of them: list, board, calendar.

    python -m opssight.runtime run -- python -m benchmarks.orders [ORDERS [TECHNICIANS]]

ORDERS (default 10,000) are open, on a tenth as many assets; half are planned within two weeks,
three in ten have nobody, and as many again are completed. TECHNICIANS (default 100) have shifts;
every tenth is away for some days. As many schedules as orders fall due within a year. The plain
reference is one query that reads every open order's number and title as the product's role.
Printed are, for a planner of the whole plant: the best and the middle of nine requests inside the
process (without a web server), the time in queries and that Python itself worked in the middle one,
the queries, the elements of the page, and the middle against the reference. Wants an empty
database, and leaves its rows there.
"""

import os
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

os.environ |= {"RATELIMIT_ENABLE": "false", "LOG_LEVEL": "CRITICAL", "DEBUG": "false"}
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opssight.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import override_settings  # noqa: E402
from rest_framework.test import APIClient  # noqa: E402

from assets.models import Asset, Site  # noqa: E402
from maintenance.models import (  # noqa: E402
    Absence,
    MaintenanceSchedule,
    MaintenanceType,
    Shift,
    Technician,
    Urgency,
    WorkOrder,
)
from opssight.accounts.models import Membership, Organization, User  # noqa: E402
from opssight.accounts.permissions import Role  # noqa: E402
from opssight.core import walls  # noqa: E402
from opssight.core.database_role import as_owner  # noqa: E402

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TIMES = 9
LIMIT = 0.5
"""Seconds that the specification allows for a complex query."""
PATHS = {
    "list": "/maintenance/work-orders/",
    "list, searched": "/maintenance/work-orders/?q=pump+12",
    "list, by asset, last page": "/maintenance/work-orders/?order=asset&page=9999",
    "board": "/maintenance/board/",
    "board, one technician": "/maintenance/board/?technician={technician}",
    "board, searched": "/maintenance/board/?q=pump",
    "board, a full column": "/maintenance/board/?scheduled=200",
    "calendar, week": "/maintenance/calendar/",
    "calendar, next week": "/maintenance/calendar/?day={next_week}",
    "calendar, week, filtered": "/maintenance/calendar/?priority=high",
    "calendar, in half a year": "/maintenance/calendar/?day={half_a_year}",
    "calendar, month": "/maintenance/calendar/?view=month",
    "calendar, day": "/maintenance/calendar/?view=day",
    "API, list": "/api/maintenance/work-orders/",
    "API, open by due date": "/api/maintenance/work-orders/?status=scheduled&ordering=due_at",
    "API, searched": "/api/maintenance/work-orders/?search=pump",
}
STATUSES = ("approved", "scheduled", "scheduled", "scheduled", "waiting", "in_progress", "draft")


def build(orders: int, technicians: int, at: datetime) -> None:
    plant = Organization.objects.create(name="Plant", slug="bench-orders", timezone="Europe/Berlin")
    planner = User.objects.create(username="planner")
    Membership.objects.create(user=planner, organization=plant, role=Role.PLANNER)
    sites = [
        Site.objects.create(organization=plant, code=f"S{i}", name=f"Site {i}") for i in range(5)
    ]
    Asset.objects.bulk_create(
        Asset(organization=plant, site=sites[i % 5], tag=f"P-{i}", name=f"Pump {i}")
        for i in range(max(orders // 10, 1))
    )
    assets = list(Asset.objects.order_by("pk"))
    people = crew(plant, technicians, at)
    today = at.replace(hour=6, minute=0, second=0, microsecond=0)
    WorkOrder.objects.bulk_create(
        (order(plant, assets, people, i, today) for i in range(orders)), batch_size=2000
    )
    WorkOrder.objects.bulk_create(
        (done(plant, assets, people, planner, i, today) for i in range(orders)), batch_size=2000
    )
    MaintenanceSchedule.objects.bulk_create(
        (schedule(plant, assets, people, i, today) for i in range(orders)), batch_size=2000
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def crew(plant: Organization, count: int, at: datetime) -> list[Technician]:
    users = User.objects.bulk_create(
        User(username=f"t{i}", first_name="Technician", last_name=f"{i:03}") for i in range(count)
    )
    Membership.objects.bulk_create(
        Membership(user=user, organization=plant, role=Role.TECHNICIAN) for user in users
    )
    Technician.objects.bulk_create(Technician(organization=plant, user=user) for user in users)
    people = list(Technician.objects.order_by("pk"))
    Shift.objects.bulk_create(
        Shift(organization=plant, technician=one, weekday=day, starts=f"{6 + i % 3 * 8:02}:00")
        for i, one in enumerate(people)
        for day in range(5)
    )
    Absence.objects.bulk_create(
        Absence(organization=plant, technician=one, starts_at=at, ends_at=at + 3 * DAY)
        for one in people[::10]
    )
    return people


def order(
    plant: Organization, assets: list[Asset], people: list[Technician], i: int, today: datetime
) -> WorkOrder:
    status = STATUSES[i % len(STATUSES)]
    begun = status == "in_progress"
    has_technician = status in ("scheduled", "in_progress") or i % 10 < 4
    start = today + timedelta(days=i % 14 - 4, hours=i % 9) if has_technician and i % 5 else None
    return WorkOrder(
        organization=plant,
        asset=assets[i % len(assets)],
        title=f"Replace the seal of pump {i} and check its alignment",
        priority=Urgency.values[i % 4],
        maintenance_type=MaintenanceType.values[i % 7],
        status=status,
        technician=people[i * 7 % len(people)] if has_technician and people else None,
        estimated_minutes=30 + i % 8 * 30,
        planned_start=start,
        planned_end=start + HOUR + i % 4 * HOUR if start else None,
        waiting_for="A seal" if status == "waiting" else "",
        due_at=today + timedelta(days=i % 40 - 10, hours=11),
        created_at=today - timedelta(days=i % 60 + 1),
        started_at=today - HOUR if begun else None,
    )


def done(
    plant: Organization,
    assets: list[Asset],
    people: list[Technician],
    by: User,
    i: int,
    today: datetime,
) -> WorkOrder:
    end = today - timedelta(days=i % 300, hours=1)
    return WorkOrder(
        organization=plant,
        asset=assets[i % len(assets)],
        title=f"Grease the bearings of pump {i}",
        status="completed" if i % 3 else "closed",
        technician=people[i % len(people)] if people else None,
        planned_start=end - HOUR,
        planned_end=end,
        due_at=end,
        created_at=end - 9 * DAY,
        started_at=end - HOUR,
        completed_at=end,
        completed_by=by,
    )


def schedule(
    plant: Organization, assets: list[Asset], people: list[Technician], i: int, today: datetime
) -> MaintenanceSchedule:
    due = today + timedelta(days=i % 365, hours=4)
    return MaintenanceSchedule(
        organization=plant,
        asset=assets[i % len(assets)],
        title=f"Round {i}",
        every=1 + i % 12,
        unit="months",
        starts_at=due,
        calendar_due_at=due,
        next_due_at=due,
        technician=people[i % len(people)] if people and i % 2 else None,
    )


class Taken(NamedTuple):
    """Seconds of one call, those that Python worked, those in queries, and how many of these."""

    whole: float
    python: float
    waiting: float
    queries: int


def taken(action: Callable[[], Any]) -> list[Taken]:
    """Of so many calls, the shortest first."""
    found = []
    for _ in range(TIMES):
        times: list[float] = []

        def timed(execute: Any, *args: Any, times: list[float] = times) -> Any:
            began = time.perf_counter()
            try:
                return execute(*args)
            finally:
                times.append(time.perf_counter() - began)

        with connection.execute_wrapper(timed):
            began, worked = time.perf_counter(), time.process_time()
            action()
            whole, python = time.perf_counter() - began, time.process_time() - worked
        found.append(Taken(whole, python, sum(times), len(times)))
    return sorted(found)


def reference(plant: int, user: int) -> float:
    def read() -> None:
        with walls.acting(user=user, organizations=[plant]):
            list(WorkOrder.objects.open().order_by().values_list("number", "title"))

    read()
    return taken(read)[TIMES // 2].whole


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    technicians = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    at = datetime.fromtimestamp(time.time(), UTC)
    call_command("migrate", verbosity=0)
    with as_owner():
        if Organization.objects.exists():
            sys.exit("The database is in use. Take a throw-away one, as in the first lines.")
        build(count, technicians, at)
        planner, plant = User.objects.get(username="planner"), Organization.objects.get()
        technician = Technician.objects.order_by("pk").first()
        begun = WorkOrder.objects.open().count()
    print(f"{begun:,} open orders, {technicians} technicians, {count:,} schedules")
    bare = reference(plant.pk, planner.pk)
    print(f"reference, reading number and title of every open order: {bare * 1000:.0f} ms")
    heads = "".join(f"{head:>10}" for head in ("best", "middle", "in SQL", "Python"))
    print(f"{'':30}{heads}{'queries':>9}{'elements':>10}{'ratio':>8}")
    client, api = Client(), APIClient()
    client.force_login(planner)
    api.force_authenticate(planner)
    slow = []
    for name, path in PATHS.items():
        address = path.format(
            technician=technician.pk if technician else 0,
            next_week=(at + 7 * DAY).date(),
            half_a_year=(at + 180 * DAY).date(),
        )
        caller = api if name.startswith("API") else client
        if measure(name, caller, address, bare) > LIMIT:
            slow.append(name)
    print(f"Longer than {LIMIT * 1000:.0f} ms: {', '.join(slow) or 'none'}")


def measure(name: str, client: Client | APIClient, address: str, bare: float) -> float:
    response = client.get(address)
    if response.status_code != 200:
        sys.exit(f"{address} was answered with {response.status_code}.")
    times = taken(lambda: client.get(address))
    best, middle = times[0], times[TIMES // 2]
    elements = len(re.findall(rb"<[a-z]", response.content)) if b"<html" in response.content else 0
    figures = (best.whole, middle.whole, middle.waiting, middle.python)
    columns = "".join(f"{figure * 1000:7.0f} ms" for figure in figures)
    print(
        f"{name:30}{columns}{middle.queries:9}{elements:10}{middle.whole / bare:7.1f}×", flush=True
    )
    return middle.whole


if __name__ == "__main__":
    hosts = [*settings.ALLOWED_HOSTS, "testserver"]
    plain = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    with override_settings(ALLOWED_HOSTS=hosts, STORAGES=plain, SECURE_SSL_REDIRECT=False):
        main()
