import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import CommandError
from django.db import Error as DatabaseError
from django.utils import timezone
from tqdm import tqdm

from assets.management.arguments import add_arguments, layout_of, targets_of, time_reader_of
from assets.management.importing import Importer, Outcome, Rejects, RejectsNotWritable
from assets.management.targets import NoSite, Targets
from assets.tabular.sources import FileProblem, open_source
from assets.tabular.table import Layout, open_table
from assets.tabular.times import TimeReader
from opssight.core.commands import OperatorCommand


class Command(OperatorCommand):
    help = "Import sensor readings from CSV files, wide or long, plain or gzipped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(parser)

    def handle(self, *_: Any, **options: Any) -> None:
        layout = layout_of(options)
        targets = targets_of(options)
        site_zone = targets.zone_of(options["asset"] or "")
        read_time = time_reader_of(options, site_zone)
        files: list[Path] = options["files"]
        rejects = _reject_paths(files, options["rejects"])

        failures: list[str] = []
        rejected = 0
        for path, reject_path in zip(files, rejects, strict=True):
            tag = options["asset"] or _stem(path).removesuffix(".rejects")
            outcome = Outcome()
            try:
                self._import(path, reject_path, tag, layout, targets, read_time, outcome, options)
            except (FileProblem, RejectsNotWritable, NoSite) as error:
                failures.append(f"{error} {_kept(outcome)}")
            except DatabaseError as error:
                reason = str(error).strip().splitlines()[0]
                raise CommandError(f"The database failed: {reason}. {_kept(outcome)}") from error
            except KeyboardInterrupt as error:
                raise CommandError(f"Stopped. {_kept(outcome)}", returncode=130) from error
            rejected += outcome.rejected
        self._conclude(failures, rejected, allow=options["allow_rejects"])

    def _import(
        self,
        path: Path,
        reject_path: Path,
        tag: str,
        layout: Layout,
        targets: Targets,
        read_time: TimeReader,
        outcome: Outcome,
        options: dict[str, Any],
    ) -> None:
        began = time.monotonic()
        with open_source(path, options["encoding"]) as source:
            table = open_table(str(path), source.lines(), layout)
            if table.ignored and options["verbosity"] > 0:
                self.stdout.write(f"{path}: not numeric, ignored: {', '.join(table.ignored)}")
            with (
                Rejects(reject_path, table.columns) as rejects,
                tqdm(
                    total=source.size, unit="B", unit_scale=True, desc=path.name, disable=None
                ) as bar,
            ):
                importer = Importer(table, targets, tag, timezone.now(), rejects, outcome)
                importer.run(source, read_time, lambda position: _show(bar, position, outcome))
        if options["verbosity"] > 0:
            self.stdout.write(_summary(path, outcome, time.monotonic() - began))
        if outcome.rejected:
            self.stderr.write(f"{path}: {_lines(outcome.rejected)} rejected, see {reject_path}")

    def _conclude(self, failures: list[str], rejected: int, *, allow: bool) -> None:
        if failures:
            raise CommandError("\n".join(failures))
        if rejected and not allow:
            raise CommandError(
                f"{_lines(rejected)} rejected; everything else is stored. Correct what is in the"
                " file named above and import that file, or add --allow-rejects to accept this."
            )


def _show(bar: "tqdm[Any]", position: int, outcome: Outcome) -> None:
    bar.n = min(position, bar.total or position)
    bar.set_postfix_str(f"{outcome.readings:,} readings", refresh=True)


def _summary(path: Path, outcome: Outcome, seconds: float) -> str:
    stored = outcome.stored
    repeated = outcome.readings - stored.inserted - stored.updated - stored.unchanged
    more = f", {repeated:,} repeated" if repeated else ""
    return (
        f"{path}: {outcome.rows:,} rows, {outcome.readings:,} readings"
        f" ({stored.inserted:,} new, {stored.updated:,} corrected,"
        f" {stored.unchanged:,} stored before{more}), {outcome.rejected:,} rows rejected,"
        f" {seconds:.1f} s, {outcome.readings / max(seconds, 1e-3):,.0f} readings/s"
    )


def _lines(count: int) -> str:
    return f"{count:,} line{'' if count == 1 else 's'}"


def _kept(outcome: Outcome) -> str:
    if not outcome.readings:
        return "Nothing of it was imported."
    return (
        f"{outcome.readings:,} readings from before are stored; importing the file again is safe"
        " and adds only what is missing."
    )


def _reject_paths(files: list[Path], given: Path | None) -> list[Path]:
    """The file for the rejected lines of each file: in the current folder, or as given."""
    if given is not None:
        if len(files) > 1:
            raise CommandError("--rejects names the file of one FILE: import them one by one.")
        paths = [given]
    else:
        paths = [Path(f"{_stem(path)}.rejects.csv") for path in files]
    doubled = sorted({str(path) for path in paths if paths.count(path) > 1})
    if doubled:
        raise CommandError(
            f"Two files would write their rejected lines to {doubled[0]}: import them one by one."
        )
    overwritten = {path.resolve() for path in paths} & {path.resolve() for path in files}
    if overwritten:
        raise CommandError(f"The rejected lines would overwrite {overwritten.pop()}.")
    return paths


def _stem(path: Path) -> str:
    """The file's name without .csv, .txt or .tsv, and without .gz before that."""
    name = path.name.removesuffix(".gz")
    for ending in (".csv", ".txt", ".tsv"):
        name = name.removesuffix(ending)
    return name
