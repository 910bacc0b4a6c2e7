import pytest

from opssight.accounts.models import Membership
from opssight.core.tenancy import TenantModel, TenantQuerySet
from tests.conftest import ApiFor, ClientFor
from tests.factories import AssetFactory, UptimeEventFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def _blind_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two requests at once: validation of each saw nothing of the other."""
    monkeypatch.setattr(TenantModel, "validate_constraints", lambda *_: None)


@pytest.mark.usefixtures("_blind_validation")
def test_who_loses_a_race_for_a_unique_value_gets_a_conflict(
    planner: Membership, api_for: ApiFor
) -> None:
    asset = AssetFactory.create(organization=planner.organization)
    body = {"tag": asset.tag, "name": "Twin", "site": asset.site_id}

    answer = api_for(planner).post("/api/assets/", body)

    assert answer.status_code == 409
    assert answer.data["errors"] == [
        {"pointer": "/tag", "code": "conflict", "detail": "Another asset has this tag."}
    ]


@pytest.mark.usefixtures("_blind_validation")
def test_who_loses_a_race_for_a_period_gets_a_conflict(
    planner: Membership, api_for: ApiFor
) -> None:
    event = UptimeEventFactory.create(asset=AssetFactory.create(organization=planner.organization))
    body = {"asset": event.asset_id, "state": "down", "started_at": event.started_at.isoformat()}

    answer = api_for(planner).post("/api/uptime-events/", body)

    assert answer.status_code == 409
    assert answer.data["errors"][0]["pointer"] == "/started_at"


def test_a_message_does_not_repeat_all_that_was_sent(planner: Membership, api_for: ApiFor) -> None:
    answer = api_for(planner).get("/api/assets/", {"ordering": "x" * 5000})

    assert answer.status_code == 400
    assert len(answer.data["errors"][0]["detail"]) < 600


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/api/assets/", "application/problem+json"), ("/assets/", "text/html; charset=utf-8")],
)
def test_a_fault_of_ours_shows_no_trace(
    path: str,
    kind: str,
    planner: Membership,
    client_for: ClientFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(TenantQuerySet, "for_user", fail)
    client = client_for(planner)
    client.raise_request_exception = False

    answer = client.get(path)

    assert answer.status_code == 500
    assert answer["Content-Type"] == kind
    assert b"secret detail" not in answer.content
    assert b"ry again" in answer.content
