from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from opssight.accounts.models import Organization
from opssight.audit import exports
from opssight.audit.models import PLATFORM, Action, AuditEntry
from opssight.audit.services import record
from opssight.core.walls import Actor, acting, organization_ids


class Command(BaseCommand):
    help = (
        "Write the audit trail of one organization to the standard output, or with --platform what"
        " belongs to none, such as sign-ins with unknown names. The export is recorded."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--organization", metavar="SLUG")
        whose.add_argument("--platform", action="store_true")
        parser.add_argument("--format", choices=sorted(exports.FORMATS), default="json")

    def handle(self, *args: Any, **options: Any) -> None:
        chain = PLATFORM if options["platform"] else _chain_of(options["organization"])
        with acting(organizations=[chain], command="export_audit"):
            record(
                event=Action.EXPORT,
                organization=chain or None,
                label=f"Audit trail as {options['format'].upper()}",
            )
        actor = Actor(organizations=frozenset({chain}), context=(("command", "export_audit"),))
        rows = AuditEntry.objects.filter(chain=chain)
        for text in exports.written(rows, options["format"], actor=actor):
            self.stdout.write(text, ending="")


def _chain_of(slug: str) -> int:
    with acting(organizations=organization_ids(), command="export_audit"):
        found = Organization.objects.filter(slug=slug).values_list("pk", flat=True).first()
    if found is None:
        raise CommandError(f"There is no organization {slug!r}. Give the slug of one.")
    return found
