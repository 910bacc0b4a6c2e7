"""A client made from the OpenAPI document by a tool that knows nothing else does the main job."""

import datetime as dt
import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django.live_server_helper import LiveServer

from assets.models import Asset
from maintenance.models import MaintenanceRecord, Technician
from opssight.accounts.models import Membership
from tests.factories import AssetFactory, TechnicianFactory

pytestmark = pytest.mark.crawl

NAME = "opssight_client"
# What the generator knows no type for.
AS_BYTES = dict.fromkeys(
    ("application/pdf", "application/x-ndjson", "text/csv", "text/plain"),
    "application/octet-stream",
)
PASSWORD = "a quiet pump house"
Load = Callable[[str], Any]


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Load]:
    """Imports a module of the generated package."""
    folder = tmp_path_factory.mktemp("client")
    document = folder / "openapi.yaml"
    call_command("spectacular", "--file", str(document))
    # Nobody reads the code: it is not formatted.
    config = folder / "config.yaml"
    config.write_text(json.dumps({"post_hooks": [], "content_type_overrides": AS_BYTES}))
    subprocess.run(
        [
            *(Path(sys.executable).parent / "openapi-python-client", "generate", "--meta", "none"),
            *("--path", document, "--output-path", folder / NAME, "--config", config),
            "--fail-on-warning",
        ],
        check=True,
    )
    sys.path.insert(0, str(folder))
    yield lambda name: importlib.import_module(f"{NAME}.{name}")
    sys.path.remove(str(folder))


@pytest.fixture
def member(planner: Membership) -> Membership:
    planner.user.set_password(PASSWORD)
    planner.user.save()
    return planner


@pytest.fixture
def pump(member: Membership) -> Asset:
    return AssetFactory.create(organization=member.organization, tag="P-101A")


@pytest.fixture
def technician(member: Membership) -> Technician:
    return TechnicianFactory.create(organization=member.organization)


@pytest.fixture
def client(load: Load, live_server: LiveServer, member: Membership) -> Iterator[Any]:
    """Signed in as the planner, by the generated code."""
    sign_in = load("api.auth.auth_token_create")
    body = load("models").SignInRequest(username=member.user.username, password=PASSWORD)
    with load("client").Client(base_url=live_server.url) as anonymous:
        tokens = sign_in.sync(client=anonymous, body=body)
    connected = load("client").AuthenticatedClient(base_url=live_server.url, token=tokens.access)
    with connected:
        yield connected


@pytest.mark.django_db(transaction=True)
def test_it_plans_a_job_and_completes_it(
    load: Load, client: Any, pump: Asset, technician: Technician
) -> None:
    models = load("models")
    found = load("api.assets.assets_list").sync(client=client, search="P-101A")
    assert [(asset.id, asset.tag) for asset in found.results] == [(pump.pk, "P-101A")]

    order = load("api.work_orders.maintenance_work_orders_create").sync(
        client=client,
        body=models.WorkOrderCreateRequest(
            asset=found.results[0].id,
            title="Replace the mechanical seal",
            priority=models.Urgency.HIGH,
            technician=technician.pk,
            due_at=dt.datetime(2026, 3, 10, 15, tzinfo=dt.UTC),
        ),
        idempotency_key="one-seal",
    )
    assert order.status is models.WorkOrderStatus.SCHEDULED
    done = load("api.work_orders.maintenance_work_orders_complete_create").sync(
        order.id, client=client, body=models.CompleteRequest(notes="Replaced.", labor_minutes=90)
    )

    assert done.status is models.WorkOrderStatus.COMPLETED
    assert done.records[0].labor_minutes == 90
    assert MaintenanceRecord.objects.get(work_order=order.id).notes == "Replaced."


@pytest.mark.django_db(transaction=True)
def test_it_reads_a_problem_and_the_headers(load: Load, client: Any, pump: Asset) -> None:
    models = load("models")
    create = load("api.work_orders.maintenance_work_orders_create")
    answer = create.sync_detailed(
        client=client,
        body=models.WorkOrderCreateRequest(
            asset=0, title="Nothing", due_at=dt.datetime(2026, 3, 10, tzinfo=dt.UTC)
        ),
    )

    assert answer.status_code == 400
    assert isinstance(answer.parsed, models.Problem)
    [error] = answer.parsed.errors
    assert (error.pointer, error.code) == ("/asset", "does_not_exist")
    assert answer.parsed.request_id == answer.headers["X-Request-ID"]


@pytest.mark.django_db(transaction=True)
def test_it_keeps_two_editors_apart(load: Load, client: Any, pump: Asset) -> None:
    read = load("api.assets.assets_retrieve").sync_detailed(pump.pk, client=client)
    change = load("api.assets.assets_partial_update")
    body = load("models").PatchedAssetRequest(name="Boiler feed pump")

    first = change.sync(pump.pk, client=client, body=body, if_match=read.headers["ETag"])
    second = change.sync_detailed(pump.pk, client=client, body=body, if_match='"another"')

    assert first.name == "Boiler feed pump"
    assert (second.status_code, second.parsed.code) == (412, "precondition_failed")
