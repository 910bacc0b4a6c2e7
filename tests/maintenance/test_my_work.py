"""What the phone stores, and what makes it an app."""

from pathlib import Path

import pytest
from django.contrib.staticfiles.finders import find
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from maintenance.models import WorkOrder
from opssight.accounts.models import Membership
from opssight.core import pwa
from tests.conftest import WALLS, ClientFor
from tests.factories import (
    AttachmentFactory,
    TechnicianFactory,
    WorkOrderFactory,
    WorkOrderTaskFactory,
)

pytestmark = pytest.mark.django_db
STORED = "/maintenance/my-work/stored/"


def _order(member: Membership, **values: object) -> WorkOrder:
    made: WorkOrder = WorkOrderFactory.create(
        asset__organization=member.organization, status="scheduled", **values
    )
    return made


def test_holds_the_persons_own_open_orders_with_all_that_is_needed(
    technician: Membership, signed_in: Client
) -> None:
    me = TechnicianFactory.create(organization=technician.organization, user=technician.user)
    mine = _order(technician, technician=me)
    _order(technician, technician=TechnicianFactory.create(organization=technician.organization))
    task = WorkOrderTaskFactory.create(
        work_order=mine, asset=mine.asset, kind="number", unit="mm", low=2.5, high=4.0
    )
    drawing = AttachmentFactory.create(asset=mine.asset, work_order=None, name="drawing.pdf")

    stored = signed_in.get(STORED).json()

    [order] = stored["orders"]
    assert (stored["user"]["id"], order["number"]) == (technician.user.pk, mine.number)
    assert [one["tag"] for one in order["assets"]] == [mine.asset.tag]
    assert [(one["id"], one["limits"]) for one in order["tasks"]] == [(task.pk, "2.5 to 4 mm")]
    assert [one["name"] for one in order["files"]] == [drawing.name]


def test_takes_the_same_number_of_queries_for_one_order_and_for_many(
    technician: Membership, signed_in: Client
) -> None:
    me = TechnicianFactory.create(organization=technician.organization, user=technician.user)
    counts = []
    for _ in range(2):
        for order in (_order(technician, technician=me) for _ in range(3)):
            WorkOrderTaskFactory.create(work_order=order, asset=order.asset)
            AttachmentFactory.create(asset=order.asset, work_order=order)
        with CaptureQueriesContext(connection) as queries:
            signed_in.get(STORED)
        counts.append(len(queries))

    assert counts[0] == counts[1] <= WALLS + 14


def test_is_for_who_is_signed_in(client_for: ClientFor, viewer: Membership) -> None:
    assert Client().get(STORED).status_code == 302
    assert client_for(viewer).get(STORED).json()["orders"] == []


def test_the_worker_may_load_and_fetch_from_here_alone(client: Client) -> None:
    answer = client.get("/sw.js")

    assert answer["Content-Type"] == "text/javascript"
    assert {"default-src 'none'", "script-src 'self'", "connect-src 'self'"} <= set(
        answer["Content-Security-Policy"].split("; ")
    )
    # Those of vendors are there once they were built, which the browser's tests do.
    ours = [name for name in (*pwa.SHELL, pwa.WORKER) if not name.startswith("vendor/")]
    assert [name for name in ours if not find(name)] == []


def test_every_module_that_the_page_imports_is_stored() -> None:
    folder = Path(str(find(pwa.WORKER))).parent

    assert {f"js/offline/{file.name}" for file in folder.glob("*.js")} == {
        pwa.WORKER,
        *(name for name in pwa.SHELL if name.startswith("js/offline/")),
    }


def test_the_manifest_names_icons_of_the_sizes_that_phones_ask_for(client: Client) -> None:
    manifest = client.get("/manifest.webmanifest").json()

    assert {icon["sizes"] for icon in manifest["icons"]} == {"192x192", "512x512"}
    assert all(find(icon["src"].removeprefix("/static/")) for icon in manifest["icons"])
    assert client.get(manifest["start_url"]).status_code == 302
