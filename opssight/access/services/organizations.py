from django.db import transaction

from opssight.accounts.models import Membership, Organization, User
from opssight.accounts.permissions import Role
from opssight.core.walls import new_organization_id


@transaction.atomic
def create_organization(*, name: str, slug: str, timezone: str, admin: User) -> Organization:
    """Make a tenant with its first admin. Raises ValidationError."""
    organization = Organization(pk=new_organization_id(), name=name, slug=slug, timezone=timezone)
    organization.full_clean()
    organization.save(force_insert=True)
    Membership.objects.create(user=admin, organization=organization, role=Role.ADMIN)
    return organization
