from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management import CommandError
from django.utils import timezone

from anomalies.models import DetectorState
from anomalies.services import Rescored, rescore
from opssight.accounts.models import Organization
from opssight.core.commands import OperatorCommand


class Command(OperatorCommand):
    help = (
        "Score a range of readings again, and replace the anomalies that began in it."
        " What a person dealt with, or a recommendation rests on, is kept."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--asset", metavar="TAG", help="only its sensors")
        parser.add_argument("--sensor", type=int, metavar="ID", help="only this one")
        parser.add_argument(
            "--from",
            dest="start",
            required=True,
            type=_time,
            metavar="T",
            help="ISO 8601, such as 2026-03-01 or 2026-03-01T12:00+01:00; UTC without an offset",
        )
        parser.add_argument("--to", dest="end", required=True, type=_time, metavar="T")
        parser.add_argument("--dry-run", action="store_true", help="say what would change")

    def handle(self, *_: Any, **options: Any) -> None:
        if options["start"] >= options["end"]:
            raise CommandError("--from must be before --to.")
        rows: list[Rescored] = []
        failed: list[str] = []
        for pk, name in _sensors(options):
            try:
                row = rescore(
                    sensor_id=pk,
                    start=options["start"],
                    end=options["end"],
                    at=timezone.now(),
                    dry_run=options["dry_run"],
                )
            except (ArithmeticError, ValueError) as error:
                failed.append(f"{name}: {error}")
                continue
            rows.append(row)
            if row.new or row.removed or row.kept:
                self.stdout.write(f"{name}: {_said(row)}")
        self.stdout.write(_total(rows, is_dry=options["dry_run"]))
        if failed:
            raise CommandError(
                f"{len(failed)} sensors could not be scored and stay as they were:\n"
                + "\n".join(failed)
            )


def _time(text: str) -> datetime:
    """argparse says which argument is wrong when this raises."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _sensors(options: dict[str, Any]) -> list[tuple[int, str]]:
    """Ids and names of those that were scored before, asset by asset."""
    slug, tag, pk = options["organization"], options["asset"], options["sensor"]
    organization = Organization.objects.filter(slug=slug).first()
    if organization is None:
        known = ", ".join(Organization.objects.order_by("slug").values_list("slug", flat=True))
        raise CommandError(f"There is no organization {slug!r}. There is: {known or '-'}.")
    states = DetectorState.objects.filter(organization=organization)
    if tag is not None:
        states = states.filter(asset__tag=tag)
    if pk is not None:
        states = states.filter(sensor=pk)
    found = states.order_by("asset__tag", "sensor__key").values_list(
        "sensor", "asset__tag", "sensor__key"
    )
    if not found:
        raise CommandError("No sensor there has been scored yet. Look at --asset and --sensor.")
    return [(sensor, f"{asset} {key}") for sensor, asset, key in found]


def _said(row: Rescored) -> str:
    return (
        f"{row.new} new, {row.again} found again, {row.removed} removed, {row.kept} kept as touched"
    )


def _total(rows: list[Rescored], *, is_dry: bool) -> str:
    every = Rescored(
        sensor=0,
        readings=sum(row.readings for row in rows),
        new=sum(row.new for row in rows),
        again=sum(row.again for row in rows),
        removed=sum(row.removed for row in rows),
        kept=sum(row.kept for row in rows),
    )
    head = "Nothing was changed; it would be:" if is_dry else "Done:"
    return f"{head} {every.readings:,} readings of {len(rows)} sensors. Anomalies: {_said(every)}."
