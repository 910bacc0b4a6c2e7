"""Platform staff acting in an organization they are no member of: for a reason, for an hour."""

from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from opssight.access.models import StaffAccess
from opssight.accounts.models import Organization, User
from opssight.core import walls

LONGEST = timedelta(hours=1)


def organizations_to_act_in() -> list[Organization]:
    """Every organization there is, for platform staff to choose from."""
    with walls.acting(organizations=walls.organization_ids()):
        return list(Organization.objects.all())


@transaction.atomic
def start_acting(*, user: User, organization_id: int, reason: str, at: datetime) -> StaffAccess:
    """Record that the user acts there from now on. Raises PermissionDenied, ValidationError."""
    if not user.is_superuser:
        raise PermissionDenied("Only platform staff can act in an organization.")
    if organization_id not in walls.organization_ids():
        raise ValidationError({"organization": "There is no such organization."})
    if not reason.strip():
        raise ValidationError({"reason": "Say why. The organization sees it in its audit trail."})
    walls.join(organization_id)
    access = StaffAccess(
        user=user,
        organization_id=organization_id,
        reason=reason.strip(),
        started_at=at,
        ends_at=at + LONGEST,
    )
    access.full_clean(exclude=["organization"])
    access.save()
    return access


@transaction.atomic
def stop_acting(*, access: StaffAccess, at: datetime) -> None:
    """Stopping again changes nothing."""
    StaffAccess.objects.filter(pk=access.pk, ended_at=None).update(ended_at=at)


def act(*, user: User, access_id: int, at: datetime) -> StaffAccess | None:
    """Let the user act in the organization of this access while it lasts; None: it is over."""
    if not user.is_superuser:
        return None
    access = StaffAccess.objects.filter(
        pk=access_id, user=user, ended_at=None, ends_at__gt=at
    ).first()
    if access is None:
        return None
    walls.join(access.organization_id)
    user.act_in(Organization.objects.get(pk=access.organization_id))
    walls.enter(user)
    walls.note(staff_access=str(access.pk))
    return access
