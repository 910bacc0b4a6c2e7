"""Each change of each row, by whichever way it was made."""

import pytest
from django.db import ProgrammingError, connection, transaction

from assets.models import Asset
from opssight.accounts.models import Membership, User
from opssight.audit.models import AuditEntry
from opssight.core.walls import acting
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_new_row_is_recorded_with_all_its_values(planner: Membership) -> None:
    site = factories.SiteFactory.create(organization=planner.organization, name="North")

    entry = AuditEntry.objects.get(subject="sites", subject_id=site.pk)

    assert (entry.action, entry.label, entry.before) == ("create", "North", None)
    assert entry.organization_id == planner.organization_id
    assert entry.after["code"] == site.code
