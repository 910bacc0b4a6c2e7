"""The history: found, read whole, and taken away as a file."""

import csv
import io
from typing import Any

import pytest
from django.test import Client

from opssight.accounts.models import Membership, Organization
from opssight.audit.models import AuditEntry
from tests.conftest import WALLS, ApiFor
from tests.factories import AssetFactory, MaintenanceRecordFactory

pytestmark = pytest.mark.django_db
EXPORT = "/maintenance/history/export/"


def _record(plant: Organization, **values: Any) -> Any:
    return MaintenanceRecordFactory.create(asset=AssetFactory.create(organization=plant), **values)


def _rows(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))


def test_it_is_found_by_words_type_verdict_and_time(plant: Organization, signed_in: Client) -> None:
    _record(plant, title="Seal", failure_mode="external leakage", verdict="confirmed")
    _record(plant, title="Grease", maintenance_type="inspection")

    def found(query: str) -> list[str]:
        page = signed_in.get(f"/maintenance/history/?{query}").text
        return [title for title in ("Seal", "Grease") if f">{title}</a>" in page]

    assert found("") == ["Seal", "Grease"]
    assert found("q=seal+LEAKAGE") == ["Seal"]
    assert found("type=inspection") == ["Grease"]
    assert found("verdict=confirmed") == ["Seal"]
    assert found("since=2026-03-01&until=2026-03-01") == ["Seal", "Grease"]
    assert found("until=2026-02-28") == []
    assert found("since=nonsense&type=x") == ["Seal", "Grease"]


def test_an_entry_shows_all_that_is_known(plant: Organization, signed_in: Client) -> None:
    record = _record(
        plant,
        labor_cost="50.00",
        parts_cost="120.50",
        other_cost="9.50",
        parts=[{"part": "SP-1", "name": "Seal", "quantity": "1", "unit": "pcs", "cost": "120.50"}],
        readings=[{"sensor": "vibration_de", "unit": "mm/s", "before": 7.9, "after": 2.1}],
        failure_cause="operation",
    )

    page = signed_in.get(record.get_absolute_url()).text

    for text in ("180.00", "SP-1", "vibration_de", "7.90 → 2.10", "Operation or maintenance"):
        assert text in page


def test_a_stranger_reads_no_entry(stranger: Membership, signed_in: Client) -> None:
    record = _record(stranger.organization)
    assert signed_in.get(record.get_absolute_url()).status_code == 404


def test_the_file_has_what_the_list_shows_and_no_formula(
    plant: Organization, stranger: Membership, signed_in: Client
) -> None:
    _record(plant, title="=1+1", notes="-2", verdict="confirmed")
    _record(plant, title="Grease")
    _record(stranger.organization, title="Foreign")

    everything = _rows(signed_in.get(EXPORT))
    [chosen] = _rows(signed_in.get(f"{EXPORT}?verdict=confirmed"))

    assert [row["title"] for row in everything] == ["Grease", "'=1+1"]
    assert (chosen["title"], chosen["notes"], chosen["verdict"]) == ("'=1+1", "'-2", "confirmed")


def test_that_somebody_took_it_away_is_recorded(
    plant: Organization, signed_in: Client, technician: Membership
) -> None:
    _rows(signed_in.get(f"{EXPORT}?q=seal"))

    entry = AuditEntry.objects.get(organization=plant.pk, action="export")
    assert entry.user == technician.user
    assert entry.label == "Maintenance history as CSV"
    assert "seal" in str(entry.after)


def test_the_api_gives_the_same_file(
    plant: Organization, viewer: Membership, api_for: ApiFor
) -> None:
    _record(plant, title="Seal", verdict="confirmed")
    _record(plant, title="Grease")

    response = api_for(viewer).get("/api/maintenance/history/export/", {"verdict": "confirmed"})

    assert [row["title"] for row in _rows(response)] == ["Seal"]


def test_the_list_takes_as_few_queries_for_many_rows_as_for_one(
    plant: Organization, signed_in: Client, django_assert_max_num_queries: Any
) -> None:
    for _ in range(20):
        _record(plant)
    with django_assert_max_num_queries(WALLS + 8):
        signed_in.get("/maintenance/history/")
