import csv
import io
import json
from typing import Any

import pytest
from django.test import Client

from opssight.accounts.models import Membership
from opssight.accounts.permissions import Role
from opssight.audit.models import AuditEntry
from opssight.audit.views import PER_PAGE
from tests import factories
from tests.conftest import ApiFor, ClientFor

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(admin: Membership, client_for: ClientFor) -> Client:
    return client_for(admin)


def site_of(member: Membership, name: str) -> AuditEntry:
    site = factories.SiteFactory.create(organization=member.organization, name=name)
    return AuditEntry.objects.get(subject="sites", subject_id=site.pk)


def body(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode()


@pytest.mark.parametrize("path", ["/audit/", "/audit/1/", "/audit/export.csv"])
def test_a_role_without_the_permission_is_refused(
    path: str, planner: Membership, client_for: ClientFor
) -> None:
    assert client_for(planner).get(path).status_code == 403


def test_an_admin_of_a_part_is_refused(admin: Membership, client: Client) -> None:
    Membership.objects.filter(pk=admin.pk).update(coverage=Membership.Coverage.PART)

    assert client.get("/audit/").status_code == 403


def test_the_list_shows_the_own_organization_only(
    admin: Membership, stranger: Membership, client: Client
) -> None:
    site_of(admin, "Our site")
    foreign = site_of(stranger, "Their site")

    page = client.get("/audit/").content.decode()

    assert "Our site" in page
    assert "Their site" not in page
    assert client.get(f"/audit/{foreign.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=north", True),
        ("?q=nothing-like-it", False),
        ("?subject=sites&action=create", True),
        ("?subject=sites&action=delete", False),
        ("?since=2020-01-01", True),
        ("?until=2020-01-01", False),
        ("?subject=nonsense&since=nonsense&user=nonsense&older=nonsense&q=%00", True),
        ("?user=1&subject=sites", False),
        ("?older=1", False),
    ],
)
def test_the_list_is_searched_and_filtered(
    query: str, *, found: bool, admin: Membership, client: Client
) -> None:
    site_of(admin, "North works")

    assert ("North works" in client.get(f"/audit/{query}").content.decode()) is found


def test_the_list_goes_on_below_the_last_entry(admin: Membership, client: Client) -> None:
    for number in range(PER_PAGE + 5):
        site_of(admin, f"Site {number}")

    page = client.get("/audit/?subject=sites")
    rest = client.get(f"/audit/?subject=sites&older={page.context['older']}")

    assert len(page.context["lines"]) == PER_PAGE
    assert [line.entry.label for line in rest.context["lines"]] == [
        f"Site {number}" for number in (4, 3, 2, 1, 0)
    ]
    assert rest.context["older"] is None


def test_an_entry_shows_what_was_before_and_after_in_words(
    admin: Membership, client: Client
) -> None:
    asset = factories.AssetFactory.create(organization=admin.organization, tag="P-1")
    asset.status = "standby"
    asset.site = factories.SiteFactory.create(organization=admin.organization, name="South")
    asset.save()
    entry = AuditEntry.objects.get(subject="assets", action="update")

    answer = client.get(f"/audit/{entry.pk}/")

    shown = {change.name: (change.before, change.after) for change in answer.context["changes"]}
    assert shown["Status"] == ("In service", "Standby")
    assert shown["Site"][1] == "South"
    assert asset.get_absolute_url() in answer.content.decode()


def test_markup_in_a_value_is_shown_as_text(admin: Membership, client: Client) -> None:
    entry = site_of(admin, "<script>alert(1)</script>")

    for path in ("/audit/", f"/audit/{entry.pk}/"):
        assert "<script>alert(1)" not in client.get(path).content.decode()


def test_the_export_holds_what_the_list_shows_and_is_recorded(
    admin: Membership, stranger: Membership, client: Client
) -> None:
    site_of(admin, "=HYPERLINK(1)")
    site_of(stranger, "Their site")

    answer = client.get("/audit/export.csv?subject=sites")
    rows = list(csv.DictReader(io.StringIO(body(answer))))

    assert answer["Content-Disposition"].startswith("attachment")
    assert [row["label"] for row in rows] == ["'=HYPERLINK(1)"]
    recorded = AuditEntry.objects.get(action="export")
    assert recorded.user == admin.user
    assert recorded.after == {"filters": {"subject": "sites"}}


def test_the_export_as_json_holds_before_and_after(admin: Membership, client: Client) -> None:
    site_of(admin, "North")

    rows = json.loads(body(client.get("/audit/export.json?subject=sites")))

    assert rows[0]["after"]["name"] == "North"
    assert client.get("/audit/export.xml").status_code == 404


def test_the_api_lists_filters_and_searches(admin: Membership, api_for: ApiFor) -> None:
    entry = site_of(admin, "North")
    api = api_for(admin)

    for query in (
        {"subject": "sites", "subject_id": entry.subject_id},
        {"search": "North"},
        {"action": "create", "subject": "sites", "ordering": "-at"},
    ):
        answer = api.get("/api/audit-entries/", query)
        assert answer.status_code == 200, answer.data
        assert [row["id"] for row in answer.data["results"]] == [entry.pk]
    one = api.get(f"/api/audit-entries/{entry.pk}/").data
    assert one["after"]["name"] == "North"
    assert one["who"].startswith("Database login")


def test_the_api_exports_and_is_read_only(admin: Membership, api_for: ApiFor) -> None:
    entry = site_of(admin, "North")
    api = api_for(admin)

    assert "North" in body(api.get("/api/audit-entries/export/", {"file": "csv"}))
    assert api.get("/api/audit-entries/export/", {"file": "xml"}).status_code == 400
    assert api.delete(f"/api/audit-entries/{entry.pk}/").status_code == 405
    assert api.post("/api/audit-entries/", {}).status_code == 405


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMIN])
def test_the_api_refuses_other_roles(role: Role, api_for: ApiFor) -> None:
    member = factories.MembershipFactory.create(role=role)

    assert api_for(member).get("/api/audit-entries/").status_code == 403
