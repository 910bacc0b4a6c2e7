#!/usr/bin/env python3
"""What row-level security costs: the same queries and requests with the second wall and without.

    python -m opssight.runtime run -- python -m benchmarks.walls [ASSETS]

20 organizations with ASSETS (default 1,000) assets each. Without: logged in as the owner, whom no
policy binds, and the database is told nothing. Both sides take turns; printed are the medians in
milliseconds and their ratio. Wants an empty database, and leaves its rows there.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from statistics import median
from unittest.mock import patch

os.environ |= {"RATELIMIT_ENABLE": "false", "LOG_LEVEL": "ERROR"}
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opssight.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402

from assets.models import Asset, Site  # noqa: E402
from opssight.accounts.models import Membership, Organization, User  # noqa: E402
from opssight.accounts.permissions import Role  # noqa: E402
from opssight.core import walls  # noqa: E402
from opssight.core.database_role import as_owner  # noqa: E402

ORGANIZATIONS = 20
ROUNDS = 10


def build(assets: int) -> tuple[User, Organization]:
    """Equal plants; returns the admin of the last one, and it."""
    for number in range(ORGANIZATIONS):
        plant = Organization.objects.create(name=f"Plant {number}", slug=f"walls-{number}")
        site = Site.objects.create(organization=plant, code="S1", name="Site")
        Asset.objects.bulk_create(
            Asset(organization=plant, site=site, tag=f"P-{i}", name=f"Pump {i}", category="pump")
            for i in range(assets)
        )
    user = User.objects.create(username="walls")
    Membership.objects.create(user=user, organization=plant, role=Role.ADMIN)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return user, plant


@contextmanager
def no_wall() -> Iterator[None]:
    """Tell the database nothing, in the session of the owner."""
    with patch.object(walls, "_tell", lambda actor: None):
        yield


@dataclass
class Case:
    name: str
    action: Callable[[], object]
    times: int
    """How often in one round."""
    in_transaction: bool = False
    acts: bool = True
    """Whether the benchmark says who acts; a request does so itself."""
    without: list[float] = field(default_factory=list)
    within: list[float] = field(default_factory=list)

    def run(self, plant: Organization, into: list[float]) -> None:
        acting = walls.acting(organizations=[plant.pk]) if self.acts else nullcontext()
        with acting, transaction.atomic() if self.in_transaction else nullcontext():
            self.action()
            for _ in range(self.times):
                began = time.perf_counter()
                self.action()
                into.append((time.perf_counter() - began) * 1000)

    def __str__(self) -> str:
        a, b = median(self.without), median(self.within)
        return f"{self.name:42s}{a:9.2f}{b:9.2f}   {b / a:5.2f} ×"


def cases(user: User, plant: Organization) -> list[Case]:
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    mine = Asset.objects.filter(organization=plant)
    one = mine.order_by("pk").values_list("pk", flat=True)[0]

    def get(path: str) -> None:
        answer = client.get(path)
        assert answer.status_code == 200, answer.content  # noqa: S101

    def key() -> object:
        return list(Asset.objects.filter(pk=one).values_list("pk"))

    def rows() -> object:
        return list(mine.order_by("pk")[:1000])

    def joined() -> object:
        return list(mine.filter(site__code="S1").order_by("name").values_list("pk", "site__name"))

    return [
        Case("one row by key, in a transaction", key, 50, in_transaction=True),
        Case("one row by key, on its own", key, 50),
        Case("1,000 rows, in a transaction", rows, 6, in_transaction=True),
        Case("1,000 rows, on its own", rows, 6),
        Case("two tables joined, in a transaction", joined, 6, in_transaction=True),
        Case(
            "GET /api/assets/?page_size=100",
            lambda: get("/api/assets/?page_size=100"),
            3,
            acts=False,
        ),
        Case("GET /api/sites/", lambda: get("/api/sites/"), 6, acts=False),
    ]


def main() -> None:
    call_command("migrate", verbosity=0)
    with as_owner():
        if Organization.objects.exists():
            sys.exit("The database is in use. Take a throw-away one, as in the first lines.")
        user, plant = build(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
        all_cases = cases(user, plant)
    for _ in range(ROUNDS):
        with as_owner(), no_wall():
            for case in all_cases:
                case.run(plant, case.without)
        for case in all_cases:
            case.run(plant, case.within)
    print(f"{'milliseconds, medians':42s}{'without':>9s}{'with':>9s}")
    for case in all_cases:
        print(case)
    with walls.acting(organizations=[plant.pk]), connection.cursor() as cursor:
        cursor.execute("SELECT current_user, count(*) FROM assets")
        role, count = cursor.fetchone() or ("", 0)
    print(f"with: as {role}, who sees {count:,} of {ORGANIZATIONS * count:,} assets")
    assert role == settings.DATABASE_ROLE  # noqa: S101


if __name__ == "__main__":
    main()
