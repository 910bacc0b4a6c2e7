import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from opssight.accounts.models import Membership
from opssight.audit.models import AuditEntry
from opssight.audit.services import record
from tests import factories

pytestmark = pytest.mark.django_db


def exported(*options: str) -> list[dict[str, object]]:
    out = StringIO()
    call_command("export_audit", *options, stdout=out)
    rows: list[dict[str, object]] = json.loads(out.getvalue())
    return rows


def test_the_trail_of_one_organization_is_written_and_the_export_recorded(
    planner: Membership, stranger: Membership
) -> None:
    factories.SiteFactory.create(organization=planner.organization, name="Ours")

    rows = exported("--organization", planner.organization.slug)

    assert "Ours" in [row["label"] for row in rows]
    assert {row["organization"] for row in rows} == {planner.organization_id}
    assert AuditEntry.objects.get(action="export").context["command"] == "export_audit"


def test_the_operator_reads_what_belongs_to_no_organization(planner: Membership) -> None:
    record(event="login_failed", label="nobody-we-know")

    rows = exported("--platform")

    assert "nobody-we-know" in [row["label"] for row in rows]
    assert {row["organization"] for row in rows} == {None}


def test_an_unknown_organization_is_named() -> None:
    with pytest.raises(CommandError, match="no organization 'none'"):
        call_command("export_audit", "--organization", "none")
