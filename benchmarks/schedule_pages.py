#!/usr/bin/env python3
"""What the pages of schedules take with many of them: list, overdue, search, dry run.

    python -m opssight.runtime run -- python -m benchmarks.schedule_pages [SCHEDULES]

SCHEDULES (default 100,000) as in benchmarks.schedules, all with their due dates; every 125th
asset is at a second site, whose dry run has about 17,000 occurrences in 12 months. That of the
whole plant is refused as too much: measured is how long that takes. The reference is one query that
reads the title and the due date of every schedule as the product's role. See benchmarks.orders for
the columns. Wants an empty database, and leaves its rows there.
"""

import os
import sys
import time
from datetime import UTC, datetime, timedelta

os.environ |= {"RATELIMIT_ENABLE": "false", "LOG_LEVEL": "CRITICAL", "DEBUG": "false"}
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opssight.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db.models import F  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import override_settings  # noqa: E402

from assets.models import Asset, Site  # noqa: E402
from benchmarks.orders import LIMIT, TIMES, measure, taken  # noqa: E402
from benchmarks.schedules import NOW, build  # noqa: E402
from maintenance import services  # noqa: E402
from maintenance.models import MaintenanceSchedule, Technician  # noqa: E402
from opssight.accounts.models import Membership, Organization, User  # noqa: E402
from opssight.core import walls  # noqa: E402
from opssight.core.database_role import as_owner  # noqa: E402

PAGES = {
    "list": "/maintenance/schedules/",
    "list, page 200": "/maintenance/schedules/?page=200",
    "overdue": "/maintenance/schedules/?show=overdue",
    "search": "/maintenance/schedules/?q=Service+4711",
    "list of a site": "/maintenance/schedules/?site={site}",
    "calendar, this week": "/maintenance/calendar/",
    "dry run of an asset": "/maintenance/schedules/plan/?asset={asset}",
    "dry run of a site, 12 months": "/maintenance/schedules/plan/?site={site}",
}
WHOLE = "/maintenance/schedules/plan/"


def prepare(count: int, at: datetime) -> tuple[Organization, User, Site, Asset]:
    build(count)
    plant = Organization.objects.get()
    # What was built for its own day is moved to today.
    MaintenanceSchedule.objects.update(
        starts_at=F("starts_at") + (at - NOW), last_completed_at=F("last_completed_at") + (at - NOW)
    )
    site = Site.objects.create(organization=plant, code="S2", name="Second site")
    chosen = list(Asset.objects.order_by("pk").values_list("pk", flat=True)[::125])
    Asset.objects.filter(pk__in=chosen).update(site=site)
    planner = User.objects.create(username="planner")
    Membership.objects.create(user=planner, organization=plant, role="planner")
    for number in range(20):
        user = User.objects.create(username=f"technician-{number}")
        Technician.objects.create(organization=plant, user=user)
    services.recalculate_due_dates(organization_id=plant.pk, at=at)
    return plant, planner, site, Asset.objects.filter(site=site).order_by("pk")[0]


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    at = datetime.fromtimestamp(time.time(), UTC) - timedelta(minutes=1)
    call_command("migrate", verbosity=0)
    with as_owner():
        if Organization.objects.exists():
            sys.exit("The database is in use. Take a throw-away one, as in the first lines.")
        plant, planner, site, asset = prepare(count, at)

    def read() -> None:
        with walls.acting(user=planner.pk, organizations=[plant.pk]):
            list(MaintenanceSchedule.objects.order_by().values_list("title", "next_due_at"))

    bare = taken(read)[TIMES // 2].whole
    print(f"{count:,} schedules; reading title and date of all: {bare * 1000:.0f} ms")
    client = Client()
    client.force_login(planner)
    slow = [
        name
        for name, path in PAGES.items()
        if measure(name, client, path.format(site=site.pk, asset=asset.pk), bare) > LIMIT
    ]
    refused = taken(lambda: client.get(WHOLE))[TIMES // 2]
    print(f"dry run of all, refused as too much: {refused.whole * 1000:.0f} ms")
    print(f"Longer than {LIMIT * 1000:.0f} ms: {', '.join(slow) or 'none'}")


if __name__ == "__main__":
    plain = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    hosts = [*settings.ALLOWED_HOSTS, "testserver"]
    with override_settings(ALLOWED_HOSTS=hosts, STORAGES=plain, SECURE_SSL_REDIRECT=False):
        main()
