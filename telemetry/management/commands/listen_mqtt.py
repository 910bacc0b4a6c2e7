import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.db import Error as DatabaseError

from opssight.accounts.models import Organization
from opssight.core.walls import acting, organization_ids
from telemetry.management.listening import Listener, Refused
from telemetry.management.listening_options import OptionProblem, add_arguments, read


class Command(BaseCommand):
    """Works inside the walls of one organization, batch by batch (`listening_store.store`)."""

    help = "Listen to an MQTT broker, and store the readings that come."
    # Those of the web pages, which it does without: it is to be back soon after a failure.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(parser, settings.MQTT)

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            told = read(options, settings.MQTT)
        except OptionProblem as problem:
            raise CommandError(str(problem)) from problem
        listener = Listener(organization_id=_organization_id(options["organization"]), options=told)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: listener.stop())
        try:
            listener.run()
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal


def _organization_id(slug: str) -> int:
    try:
        with acting(organizations=organization_ids(), command="listen_mqtt"):
            known = dict(Organization.objects.values_list("slug", "pk"))
    except DatabaseError as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise CommandError(f"The database does not answer: {reason[0]}.") from error
    if slug not in known:
        said = f"There is no organization {slug!r}." if slug else "Say whose readings these are."
        raise CommandError(f"{said} --organization is one of: {', '.join(sorted(known)) or '-'}.")
    return known[slug]
