"""What holds when many do the same at once, each with a connection of their own."""

import contextlib
import threading

import pytest
from django.core.exceptions import ValidationError

from opssight.access.services import invitations, members
from opssight.access.services.members import WHOLE
from opssight.accounts.models import Membership, User
from opssight.accounts.permissions import Role
from opssight.core.walls import acting
from tests.factories import NOON, MembershipFactory, UserFactory
from tests.maintenance.test_concurrency import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_link_that_eight_use_at_once_makes_one_member(admin: Membership) -> None:
    _, secret = invitations.invite(
        organization_id=admin.organization_id,
        email="guest@example.com",
        role=Role.VIEWER,
        custom_role=None,
        coverage=WHOLE,
        by=admin.user,
        at=NOON,
    )
    guests = UserFactory.create_batch(8)

    def accept(number: int) -> Membership:
        with acting():
            return invitations.accept(secret=secret, user=guests[number], at=NOON)

    results = at_once(8, accept)

    refused = [item for item in results if isinstance(item, invitations.InvitationNotOpen)]
    assert len(refused) == 7
    assert Membership.objects.filter(user__in=guests).count() == 1


def test_of_two_managers_who_leave_at_once_one_stays(
    admin: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Both look before either has left, unless one waits for the other.
    both_looked = threading.Barrier(2)
    has_manager = members.has_manager

    def look(organization_id: int) -> bool:
        found = has_manager(organization_id)
        with contextlib.suppress(threading.BrokenBarrierError):
            both_looked.wait(timeout=1)
        return found

    monkeypatch.setattr(members, "has_manager", look)
    other = MembershipFactory.create(organization=admin.organization, role=Role.ADMIN)
    leaving = [admin, other]

    def leave(number: int) -> None:
        row = leaving[number]
        user = User.objects.get(pk=row.user_id)
        with acting(user=user.pk, organizations=[row.organization_id]):
            members.take_out(membership=row, by=user, at=NOON)

    results = at_once(2, leave)

    assert [type(item) for item in results if item is not None] == [ValidationError]
    assert Membership.objects.filter(organization=admin.organization).count() == 1
