from typing import Any

from django.core.management import CommandError, CommandParser

from opssight.accounts.models import Organization
from opssight.audit.models import PLATFORM
from opssight.audit.verification import Finding, verify
from opssight.core.commands import OperatorCommand
from opssight.core.walls import acting, organization_ids


class Command(OperatorCommand):
    help = (
        "Recompute the hash chain of the audit trail. Prints the latest seal of each organization;"
        " keep it somewhere else, and give it back with --seal to prove that nothing was cut off."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", metavar="SLUG", help="only this organization's chain")
        parser.add_argument(
            "--seal",
            action="append",
            default=[],
            metavar="CHAIN:POSITION:HASH",
            help="a seal that this command printed before; may be given again",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        kept = _kept(options["seal"])
        failed = False
        # Also what belongs to no organization, such as sign-ins with unknown names.
        everything = [PLATFORM, *organization_ids()]
        with acting(organizations=everything, command="verify_audit"):
            for chain in _chains(options["organization"], everything):
                finding = verify(chain, kept=kept.pop(chain, {}))
                failed = failed or bool(finding.problem)
                self._say(finding)
        if kept and not options["organization"]:
            failed = True
            self.stderr.write(f"No chain is left of: {', '.join(map(str, sorted(kept)))}.")
        if failed:
            raise CommandError("The audit trail was tampered with. Keep this output.")

    def _say(self, finding: Finding) -> None:
        name = f"Chain {finding.chain}" if finding.chain else "Platform (chain 0)"
        if finding.problem:
            self.stderr.write(f"{name}: {finding.problem}")
            return
        parts = [f"{finding.checked} entries hold"]
        if finding.purged:
            parts.append(f"{finding.purged} older ones were removed by the retention")
        if finding.waiting:
            parts.append(f"{finding.waiting} wait for their seal")
        self.stdout.write(f"{name}: {', '.join(parts)}.")
        if finding.latest:
            self.stdout.write(f"  seal {finding.chain}:{finding.latest}")


def _chains(slug: str | None, everything: list[int]) -> list[int]:
    if slug is None:
        return everything
    found = Organization.objects.filter(slug=slug).values_list("pk", flat=True).first()
    if found is None:
        raise CommandError(f"There is no organization {slug!r}. Give the slug of one.")
    return [found]


def _kept(texts: list[str]) -> dict[int, dict[int, str]]:
    """{chain: {position: hash}} of seals as they were printed."""
    kept: dict[int, dict[int, str]] = {}
    for text in texts:
        chain, _, rest = text.partition(":")
        position, _, digest = rest.partition(":")
        if not (chain.isdecimal() and position.isdecimal() and len(digest) == 64):
            raise CommandError(
                f"{text!r} is not a seal. Give what verify_audit printed: CHAIN:POSITION:HASH."
            )
        kept.setdefault(int(chain), {})[int(position)] = digest
    return kept
