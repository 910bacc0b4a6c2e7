"""`manage.py remove_second_factors USERNAME`: for somebody who lost phone, keys and codes."""

from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from opssight.accounts.models import User
from opssight.accounts.services import remove_second_factors


class Command(BaseCommand):
    help = "Remove a person's authenticator app, passkeys and recovery codes, and sign them out."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['username']!r}. Check the name.")
        removed = remove_second_factors(user=user)
        self.stdout.write(
            f"Removed {removed} of {user.username}, who can sign in with the password alone."
        )
