from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.utils.text import slugify

from opssight.access.services.organizations import create_organization
from opssight.accounts.models import User
from opssight.core.commands import OperatorCommand


class Command(OperatorCommand):
    help = "Make an organization, and make an existing user its admin (see createsuperuser)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--admin", required=True, metavar="USERNAME")
        parser.add_argument("--timezone", default="UTC", help="Such as Europe/Berlin.")

    def handle(self, *args: Any, name: str, admin: str, timezone: str, **options: Any) -> None:
        user = User.objects.filter(username=admin).first()
        if user is None:
            raise CommandError(
                f"There is no user {admin!r}. Make one first: manage.py createsuperuser"
            )
        try:
            organization = create_organization(
                name=name, slug=slugify(name)[:50], timezone=timezone, admin=user
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{organization} was made; {user} is its admin.")
