import pytest
from django.core.management import CommandError, call_command

from opssight.accounts.models import Membership, Organization
from opssight.accounts.permissions import Role
from tests.factories import OrganizationFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_makes_the_organization_and_its_admin() -> None:
    user = UserFactory.create()

    call_command("create_organization", "Süd Werk", admin=user.username, timezone="Europe/Berlin")

    membership = Membership.objects.get(user=user)
    user.refresh_from_db()
    assert membership.role == Role.ADMIN
    assert membership.organization.slug == "sud-werk"
    assert user.enters_admin


@pytest.mark.parametrize(
    ("name", "admin", "zone", "problem"),
    [
        ("Plant", "nobody", "UTC", "no user 'nobody'"),
        ("Plant", "ana", "Berlin", "not a time zone"),
        ("Taken", "ana", "UTC", "already exists"),
    ],
)
def test_says_what_is_wrong_and_makes_nothing(
    name: str, admin: str, zone: str, problem: str
) -> None:
    UserFactory.create(username="ana")
    OrganizationFactory.create(name="Taken", slug="taken")

    with pytest.raises(CommandError, match=problem):
        call_command("create_organization", name, admin=admin, timezone=zone)

    assert Organization.objects.count() == 1
