from argparse import ArgumentParser
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.core.management import CommandError
from django.utils import timezone

from anomalies.models import DetectorState, MachineModel
from anomalies.services import Rescored, rescore, rescore_machine
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
        sensors, machines = _sensors(options), _machines(options)
        given = {"start": options["start"], "end": options["end"], "dry_run": options["dry_run"]}
        every = [
            *((name, partial(rescore, sensor_id=pk)) for pk, name in sensors),
            *((name, partial(rescore_machine, asset_id=pk)) for pk, name in machines),
        ]
        for name, act in every:
            try:
                row = act(at=timezone.now(), **given)
            except (ArithmeticError, ValueError) as error:
                failed.append(f"{name}: {error}")
                continue
            rows.append(row)
            if row.new or row.removed or row.kept:
                self.stdout.write(f"{name}: {_said(row)}")
        self.stdout.write(
            _total(rows, len(sensors), len(rows) - len(sensors), is_dry=options["dry_run"])
        )
        if failed:
            raise CommandError(
                f"{len(failed)} could not be scored and stay as they were:\n" + "\n".join(failed)
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


def _machines(options: dict[str, Any]) -> list[tuple[int, str]]:
    """Ids of assets whose model is in use, unless only one sensor is asked for."""
    if options["sensor"] is not None:
        return []
    models = MachineModel.objects.filter(
        organization__slug=options["organization"], status=MachineModel.Status.IN_USE
    )
    if options["asset"] is not None:
        models = models.filter(asset__tag=options["asset"])
    found = models.order_by("asset__tag").values_list("asset", "asset__tag")
    return [(asset, f"{tag} as a whole") for asset, tag in found]


def _said(row: Rescored) -> str:
    return (
        f"{row.new} new, {row.again} found again, {row.removed} removed, {row.kept} kept as touched"
    )


def _total(rows: list[Rescored], sensors: int, machines: int, *, is_dry: bool) -> str:
    every = Rescored(
        readings=sum(row.readings for row in rows),
        new=sum(row.new for row in rows),
        again=sum(row.again for row in rows),
        removed=sum(row.removed for row in rows),
        kept=sum(row.kept for row in rows),
    )
    head = "Nothing was changed; it would be:" if is_dry else "Done:"
    of = f"readings of {sensors} sensors"
    if machines:
        of = f"readings and rows of {sensors} sensors and {machines} machines"
    return f"{head} {every.readings:,} {of}. Anomalies: {_said(every)}."
