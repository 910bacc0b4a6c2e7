from argparse import ArgumentParser
from typing import Any

from django.core.management import CommandError
from django.utils import timezone
from tqdm import tqdm

from opssight.core.commands import OperatorCommand
from opssight.demo.load import DAYS, NotEmpty, Progress, is_empty, load
from opssight.demo.people import NotDemoMode


class Command(OperatorCommand):
    help = "Fill an empty database with the demo plant: 3 sites, 78 assets, 60 days of readings."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--if-empty", action="store_true", help="do nothing when the database holds data"
        )
        parser.add_argument("--days", type=int, default=DAYS, help="days of history (%(default)s)")

    def handle(self, *_: Any, **options: Any) -> None:
        if options["if_empty"] and not is_empty():
            return
        if options["days"] < 1:
            raise CommandError("--days must be at least 1.")
        with tqdm(
            total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed}", leave=False, disable=None
        ) as bar:
            progress = Progress(
                stage=lambda name: self._say(bar, f"{name} …"),
                lived=lambda share: self._advance(bar, share),
            )
            try:
                organization = load(at=timezone.now(), progress=progress, days=options["days"])
            except (NotDemoMode, NotEmpty) as error:
                raise CommandError(str(error)) from error
        self.stdout.write(f"The demo plant {organization} is loaded.")

    def _say(self, bar: "tqdm[Any]", line: str) -> None:
        bar.clear()
        self.stdout.write(line)
        self.stdout.flush()

    def _advance(self, bar: "tqdm[Any]", share: float) -> None:
        bar.update(round(share * 100) - bar.n)
