from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.text import slugify

from opssight.accounts.models import Membership, Organization, User
from opssight.accounts.permissions import Role


class Command(BaseCommand):
    help = "Make an organization, and make an existing user its admin (see createsuperuser)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--admin", required=True, metavar="USERNAME")
        parser.add_argument("--timezone", default="UTC", help="Such as Europe/Berlin.")

    @transaction.atomic
    def handle(self, *args: Any, name: str, admin: str, timezone: str, **options: Any) -> None:
        user = User.objects.filter(username=admin).first()
        if user is None:
            raise CommandError(
                f"There is no user {admin!r}. Make one first: manage.py createsuperuser"
            )
        organization = Organization(name=name, slug=slugify(name)[:50], timezone=timezone)
        try:
            organization.full_clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        organization.save()
        Membership.objects.create(user=user, organization=organization, role=Role.ADMIN)
        self.stdout.write(f"{organization} was made; {user} is its admin.")
