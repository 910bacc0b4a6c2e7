"""The people of the demo plant: three logins for visitors, and the technicians who do the work."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.hashers import make_password

from maintenance.models import Technician
from opssight.accounts.models import Membership, Organization, User
from opssight.accounts.permissions import Role
from opssight.demo import layout

PASSWORD = "opssight-demo"  # noqa: S105 shown at the start of the demo


class NotDemoMode(Exception):
    """The demo logins have a public password, so they are made in demo mode only."""

    def __str__(self) -> str:
        return (
            "The demo plant comes with public passwords and was not loaded: OPSSIGHT_DEMO is not"
            " set. Set OPSSIGHT_DEMO=1 for a throw-away installation, or use `make demo`."
        )


@dataclass(frozen=True)
class People:
    """planner: who decides. technicians: by home site and skill, as `technician_for` finds them."""

    planner: User
    technicians: tuple[tuple[str, Technician], ...]

    def technician_for(self, site: str, skill: str) -> Technician:
        """The technician of the site who has the skill, else the first one of the site."""
        local = [technician for home, technician in self.technicians if home == site]
        return next((person for person in local if skill in person.skills), local[0])


def create(*, organization: Organization) -> People:
    """Make the logins and technicians. Raises NotDemoMode outside demo mode."""
    if not settings.DEMO:
        raise NotDemoMode
    password = make_password(PASSWORD)
    admin = User(username="admin", first_name="Ada", last_name="Lindqvist")
    admin.is_superuser = True
    planner = User(username="planner", first_name="Marisol", last_name="Etxeberria")
    users = [admin, planner]
    for username, name, *_ in layout.TECHNICIANS:
        first, last = name.split(" ", 1)
        users.append(User(username=username, first_name=first, last_name=last))
    for user in users:
        # Visitors sign in as these three; nobody signs in as the other technicians.
        visitor = user.username in ("admin", "planner", "technician")
        user.password = password if visitor else make_password(None)
    User.objects.bulk_create(users)

    roles = [Role.ADMIN, Role.PLANNER] + [Role.TECHNICIAN] * len(layout.TECHNICIANS)
    Membership.objects.bulk_create(
        Membership(user=user, organization=organization, role=role)
        for user, role in zip(users, roles, strict=True)
    )
    technicians = Technician.objects.bulk_create(
        Technician(
            organization=organization,
            user=user,
            skills=list(skills),
            hourly_cost=cost,
            weekly_capacity_hours=hours,
        )
        for user, (_, _, _, skills, cost, hours) in zip(users[2:], layout.TECHNICIANS, strict=True)
    )
    homes = [site for _, _, site, _, _, _ in layout.TECHNICIANS]
    return People(planner=planner, technicians=tuple(zip(homes, technicians, strict=True)))
