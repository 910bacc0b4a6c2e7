"""Taking readings away as a file. That somebody did is recorded."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from assets.models import Sensor
from assets.queries.reading_files import as_csv, as_ndjson
from opssight.audit.services import record_export
from opssight.core import walls

WRITERS = {"csv": as_csv, "ndjson": as_ndjson}


def readings_file(
    *, sensors: Sequence[Sensor], start: datetime, end: datetime, file_format: str
) -> Iterator[str]:
    """The readings in [start, end) as `csv` or `ndjson`, to be sent piece by piece.

    The sensors have been found in the user's scope, with their assets.
    """
    keys = ", ".join(f"{sensor.asset.tag}/{sensor.key}" for sensor in sensors[:20])
    more = len(sensors) - 20
    record_export(
        organizations={sensor.organization_id for sensor in sensors},
        label=f"Readings as {file_format.upper()}",
        filters={
            "sensors": keys if more <= 0 else f"{keys} and {more} more",
            "from": start.isoformat(),
            "to": end.isoformat(),
        },
    )
    return WRITERS[file_format](sensors, start, end, actor=walls.current())
