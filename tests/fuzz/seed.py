"""What the fuzzed server starts with: a member of each role, and rows of every list."""

import django
from django.contrib.auth.hashers import make_password

ROWS = 3


def main() -> None:
    """Fill an empty database; each row's id starts at 1, as in the examples of the document."""
    from opssight.accounts.models import Membership  # noqa: PLC0415 after django.setup
    from opssight.accounts.permissions import Role  # noqa: PLC0415
    from opssight.core.database_role import as_owner  # noqa: PLC0415
    from tests.factories import (  # noqa: PLC0415
        MembershipFactory,
        OrganizationFactory,
        UserFactory,
    )
    from tests.fuzz.__main__ import PASSWORD  # noqa: PLC0415
    from tests.test_conventions import MAKERS  # noqa: PLC0415

    with as_owner():
        password = make_password(PASSWORD)
        plant = OrganizationFactory.create(slug="plant")
        members = {
            role: MembershipFactory.create(
                organization=plant, role=role, user__username=role, user__password=password
            )
            for role in Role.values
        }
        stranger = MembershipFactory.create(
            role=Role.ADMIN, user__username="stranger", user__password=password
        )
        for make in MAKERS.values():
            for member in [*members.values(), *[stranger] * ROWS]:
                make(member)
        # Some makers let their member join another organization, there in another role.
        for elsewhere in Membership.objects.filter(
            user__in=[member.user for member in members.values()]
        ).exclude(organization=plant):
            elsewhere.user = UserFactory.create()
            elsewhere.save()


if __name__ == "__main__":
    django.setup()
    main()
