"""Parts as a CSV file, out of the store and into it: every fault is named, all or nothing."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from maintenance.forms import part_files as forms
from maintenance.models import Part, StockMovement
from maintenance.services import part_files
from notifications.models import Notification
from opssight.accounts.models import Membership
from opssight.audit.models import AuditEntry
from tests.conftest import ApiFor, ClientFor
from tests.factories import NOON, PartFactory

pytestmark = pytest.mark.django_db
API = "/api/maintenance/parts/"


def csv_file(text: str, encoding: str = "utf-8") -> SimpleUploadedFile:
    return SimpleUploadedFile("parts.csv", text.encode(encoding), "text/csv")


def take(planner: Membership, text: str) -> list[part_files.Change]:
    return part_files.take(
        organization_id=planner.organization_id,
        given=forms.read(text),
        by=planner.user,
        at=NOON,
    )


def test_a_file_adds_and_changes_parts_and_counts_their_stock(planner: Membership) -> None:
    PartFactory.create(
        organization=planner.organization, number="S-1", name="Seal", bin="A1", unit_cost=5
    )
    PartFactory.create(number="S-1", name="Of another plant")
    text = (
        "number;name;bin;unit_cost;min_level;counted;is_active\n"
        "S-1;Shaft seal;;12,50;2;1;yes\n\n"
        'B-7;"Bearing; deep groove";B2;;1,5;7;no\n'
    )

    take(planner, text)

    own = {part.number: part for part in Part.objects.filter(organization=planner.organization)}
    seal, bearing = own["S-1"], own["B-7"]
    assert (seal.name, seal.bin, seal.unit_cost, seal.unit) == (
        "Shaft seal",
        "",
        Decimal("12.50"),
        "pcs",
    )
    assert (bearing.name, bearing.min_level, bearing.is_active) == (
        "Bearing; deep groove",
        Decimal("1.5"),
        False,
    )
    assert (seal.on_hand, bearing.on_hand) == (Decimal(1), Decimal(7))
    movement = StockMovement.objects.get(part=bearing)
    assert (movement.kind, movement.quantity, movement.by) == ("count", Decimal(7), planner.user)
    assert Part.objects.get(name="Of another plant").number == "S-1"
    assert [change.is_nothing for change in take(planner, text)] == [True, True]
    assert StockMovement.objects.filter(note=part_files.NOTE).count() == 2
    low = Notification.objects.get(event="part_low", recipient=planner.user)
    assert low.subject == "S-1 Shaft seal is low: 1 pcs free, the minimum is 2"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "column number is missing"),
        ("number,name", "names no part"),
        ("number,name,price\nA,B,1", "no column “price”"),
        ("number,name,name\nA,B,C", "column name is there twice"),
        ("number,name\nA", "Line 2 has 1 cells, but there are 2 columns"),
        ("number,name\n,Seal", "Line 2, number: This field is required"),
        ("number,name,unit_cost\nA,B,much", "Line 2, unit_cost: Enter a number"),
        ("number,name,unit_cost\nA,B,NaN", "Line 2, unit_cost: Enter a number"),
        ("number,name,counted\nA,B,-1", "Line 2, counted: Ensure this value is greater"),
        ("number,name,is_active\nA,B,maybe", "Line 2, is_active: “maybe” is neither"),
        ("number,name\nA,B\na,C", "Line 3, number: a is in line 2 already"),
        ('number,name\nA,"B', "cannot be read"),
        ("number,name\n" + "x" * 51 + ",B", "Line 2, number: Ensure this value has at most 50"),
    ],
)
def test_each_fault_is_named_by_line_and_column(text: str, fault: str) -> None:
    with pytest.raises(ValidationError) as error:
        forms.read(text)

    assert fault in " ".join(error.value.messages)


def test_one_wrong_line_keeps_all_out_and_every_fault_is_told_at_once(
    planner: Membership, client_for: ClientFor
) -> None:
    client, path = client_for(planner), reverse("maintenance:import_parts")
    text = "number,name,unit_cost\nA,Seal,1\nB,,x\n"

    page = client.post(path, {"file": csv_file(text)})

    assert page.status_code == 422
    assert "Line 3, name" in page.text
    assert "Line 3, unit_cost" in page.text
    assert client.post(path, {"text": text, "do": "import"}).status_code == 422
    assert not Part.objects.exists()


def test_a_file_is_looked_at_before_it_is_imported(
    planner: Membership, technician: Membership, client_for: ClientFor
) -> None:
    PartFactory.create(organization=planner.organization, number="S-1", name="Seal")
    client, path = client_for(planner), reverse("maintenance:import_parts")
    text = "number,name\nS-1,<b>Shaft seal</b>\nB-7,Bearing\n"

    page = client.post(path, {"file": csv_file("\ufeff" + text)}).text

    assert "Seal → &lt;b&gt;Shaft seal&lt;/b&gt;" in page
    assert Part.objects.count() == 1
    done = client.post(path, {"text": text.replace("\n", "\r\n"), "do": "import"}, follow=True)
    assert "Imported: 1 new, 1 changed" in done.text
    assert client_for(technician).get(path).status_code == 403
    assert client_for(technician).post(path, {"text": text}).status_code == 403


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"\xff\xfe\x00n", "not in UTF-8"),
        (b"number,name\nA,\x00", "no text"),
        (b"x" * (forms.LARGEST + 1), "larger than 1 MB"),
        (b"", "column number is missing"),
    ],
)
def test_what_is_no_csv_is_refused_in_words(
    content: bytes, fault: str, planner: Membership, client_for: ClientFor
) -> None:
    file = SimpleUploadedFile("parts.csv", content)

    page = client_for(planner).post(reverse("maintenance:import_parts"), {"file": file})

    assert page.status_code == 422
    assert fault in page.text


def test_an_export_can_be_imported_again_and_runs_no_formula(
    planner: Membership, viewer: Membership, stranger: Membership, client_for: ClientFor
) -> None:
    PartFactory.create(
        organization=planner.organization, number="S-1", name="=HYPERLINK(1)", min_level=2
    )
    PartFactory.create(organization=stranger.organization, number="X-9")

    answer = client_for(viewer).get(reverse("maintenance:parts_csv"))
    text = b"".join(answer).decode()

    assert "'=HYPERLINK(1)" in text
    assert "X-9" not in text
    assert [change.is_nothing for change in take(planner, text)] == [True]
    assert AuditEntry.objects.filter(action="export", label="Spare parts as CSV").exists()


def test_the_api_looks_imports_and_exports(
    planner: Membership, technician: Membership, api_for: ApiFor
) -> None:
    api = api_for(planner)

    def send(text: str, **query: str) -> Any:
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        return api.post(f"{API}import/?{asked}", {"file": csv_file(text)}, format="multipart")

    looked = send("number,name,counted\nS-1,Seal,3\n", dry_run="true")
    assert (looked.data["new"], looked.data["dry_run"], Part.objects.count()) == (1, True, 0)
    done = send("number,name,counted\nS-1,Seal,3\n")
    assert done.data["changes"][0]["differences"] == [
        {"column": "counted", "before": "0", "after": "3"}
    ]
    assert Part.objects.get().on_hand == 3
    refused = send("number,name\nS-1,\ns-2\n")
    assert refused.status_code == 400
    assert [error["pointer"] for error in refused.data["errors"]] == ["/file", "/file"]
    assert send("number,name\ns-1,Seal\n").status_code == 400
    assert send("number,name\nA,B\n", dry_run="perhaps").status_code == 400
    assert b"S-1" in b"".join(api.get(f"{API}export/", {"number": "S-1"}))
    other = api_for(technician)
    answer = other.post(
        f"{API}import/", {"file": csv_file("number,name\nA,B\n")}, format="multipart"
    )
    assert answer.status_code == 403


def test_a_thousand_parts_take_few_queries(planner: Membership) -> None:
    lines = "\n".join(f"P-{n},Part {n},{n % 7}" for n in range(1000))

    with CaptureQueriesContext(connection) as queries:
        take(planner, f"number,name,counted\n{lines}")

    assert Part.objects.count() == 1000
    assert len(queries) < 20
