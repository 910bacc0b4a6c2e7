"""The command line of import_readings, and what its options mean together."""

import codecs
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.management import CommandError

from assets.management.targets import Targets
from assets.models import Site
from assets.tabular.table import BLANKS, Layout
from assets.tabular.times import (
    Ambiguous,
    TimeReader,
    counter_reader,
    format_reader,
    iso_reader,
    localize,
)
from opssight.accounts.models import Organization, validate_timezone

_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "blank": BLANKS, "pipe": "|"}


def add_arguments(parser: ArgumentParser) -> None:
    """Define every option."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="CSV, plain or .gz")

    shape = parser.add_argument_group("shape of the table")
    shape.add_argument("--delimiter", help="comma, semicolon, tab, blank, pipe (default: found)")
    shape.add_argument("--header", choices=["first-line", "none"], default="first-line")
    shape.add_argument("--columns", type=_names, default=[], help="NAME,NAME,… of every column")
    shape.add_argument("--encoding", default="utf-8", help="default: utf-8")
    shape.add_argument("--decimal", choices=[".", ","], default=".", help="decimal mark")
    shape.add_argument(
        "--null", action="append", default=[], metavar="TEXT", help="a cell that means no reading"
    )

    time = parser.add_argument_group("time")
    time.add_argument("--time-column", default="", help="default: time, timestamp, datetime, …")
    time.add_argument("--time-format", help="strptime format, such as '%%d.%%m.%%Y %%H:%%M'")
    time.add_argument(
        "--time-unit", help="the time counts us, ms, s, min, h, d, cycle (= h), 10min"
    )
    time.add_argument("--start", help="when a counter was 0 (default: 1970, for us, ms and s)")
    time.add_argument("--timezone", help="of times that name none (default: the site's)")
    time.add_argument("--ambiguous", choices=list(Ambiguous), default=Ambiguous.REJECT)

    where = parser.add_argument_group("where the readings belong")
    where.add_argument("--organization", metavar="SLUG", help="default: the only one")
    where.add_argument(
        "--site", metavar="CODE", help="or name, of created assets (default: the only one)"
    )
    where.add_argument("--asset", metavar="TAG", help="one asset for the file (default: its name)")
    where.add_argument("--asset-column", default="", help="column that holds the asset's tag")
    where.add_argument(
        "--create-missing", action="store_true", help="create sites, assets, sensors"
    )

    values = parser.add_argument_group("values")
    values.add_argument("--value-columns", type=_names, default=[], help="default: all numeric")
    values.add_argument("--skip-columns", type=_names, default=[], help="numeric, but no readings")
    values.add_argument(
        "--long", action="store_true", help="each line is one reading of one sensor"
    )
    values.add_argument("--key-column", default="key", help="with --long: names the sensor")
    values.add_argument("--value-column", default="value", help="with --long: the value")
    values.add_argument(
        "--unit", action="append", default=[], metavar="[KEY=]UNIT", help="of created sensors"
    )

    rejects = parser.add_argument_group("rejected lines")
    rejects.add_argument("--rejects", type=Path, metavar="FILE", help="default: NAME.rejects.csv")
    rejects.add_argument("--allow-rejects", action="store_true", help="exit with 0 all the same")


def layout_of(options: dict[str, Any]) -> Layout:
    """Raises CommandError for options that contradict each other."""
    delimiter = options["delimiter"]
    if delimiter is not None:
        delimiter = _DELIMITERS.get(delimiter, delimiter)
        if len(delimiter) != 1 or delimiter in '"\n\r':
            raise CommandError(
                f"--delimiter {options['delimiter']!r} is not one character. Use one, or one of"
                f" {', '.join(_DELIMITERS)}."
            )
    if options["asset"] and options["asset_column"]:
        raise CommandError("Use --asset or --asset-column, not both.")
    if options["long"] and (options["value_columns"] or options["skip_columns"]):
        raise CommandError(
            "--value-columns and --skip-columns are for wide tables; a --long one has one"
            " --value-column."
        )
    try:
        codecs.lookup(options["encoding"])
    except LookupError as error:
        raise CommandError(
            f"--encoding {options['encoding']!r} is unknown. Use a name such as utf-8 or latin-1."
        ) from error
    return Layout(
        delimiter=delimiter,
        header=options["header"] != "none",
        columns=options["columns"],
        time_column=options["time_column"],
        asset_column=options["asset_column"],
        value_columns=options["value_columns"],
        skip_columns=options["skip_columns"],
        long=options["long"],
        key_column=options["key_column"],
        value_column=options["value_column"],
        decimal=options["decimal"],
        nulls=frozenset(options["null"]),
    )


def time_reader_of(options: dict[str, Any], zone: ZoneInfo) -> TimeReader:
    """How times are read; `zone` is that of a --start without one. Raises CommandError."""
    if options["time_format"] and options["time_unit"]:
        raise CommandError("Use --time-format or --time-unit, not both.")
    if options["start"] and not options["time_unit"]:
        raise CommandError("--start is where a counter begins: it needs --time-unit.")
    ambiguous = Ambiguous(options["ambiguous"])
    try:
        if options["time_unit"]:
            start = _start(options["start"], zone, ambiguous) if options["start"] else None
            return counter_reader(options["time_unit"], start)
        if options["time_format"]:
            return format_reader(options["time_format"], ambiguous)
    except ValueError as error:
        raise CommandError(str(error)) from error
    return iso_reader(ambiguous)


def _start(text: str, zone: ZoneInfo, ambiguous: Ambiguous) -> datetime:
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"--start {text!r} is not a time such as 2026-01-01T00:00:00Z.") from None
    return start if start.tzinfo else localize(start, zone, ambiguous)


def targets_of(options: dict[str, Any]) -> Targets:
    """Raises CommandError for an organization, site or time zone that does not exist."""
    organization = _organization(options["organization"])
    zone = _zone(options["timezone"]) if options["timezone"] else None
    plain = [unit for unit in options["unit"] if "=" not in unit]
    if len(plain) > 1:
        raise CommandError("Give one --unit for all values, or --unit KEY=UNIT for each of them.")
    units = dict(unit.split("=", 1) for unit in options["unit"] if "=" in unit)
    long = next((unit for unit in [*plain, *units.values()] if len(unit) > 30), None)
    if long:
        raise CommandError(f"The unit {long!r} is longer than 30 characters.")
    return Targets(
        organization=organization,
        site=_site(organization, options, zone),
        create_missing=options["create_missing"],
        zone=zone,
        units=units,
        unit=plain[0] if plain else "",
    )


def _organization(slug: str | None) -> Organization:
    known = list(Organization.objects.order_by("slug"))
    chosen = [o for o in known if o.slug == slug] if slug else known
    if len(chosen) == 1:
        return chosen[0]
    names = ", ".join(o.slug for o in known)
    if not known:
        raise CommandError("There is no organization yet. Create one in the admin pages first.")
    if slug:
        raise CommandError(f"There is no organization {slug!r}. There is {names}.")
    raise CommandError(f"There is more than one organization: choose --organization from {names}.")


def _site(
    organization: Organization, options: dict[str, Any], zone: ZoneInfo | None
) -> Site | None:
    """The site named, created where asked; else the only one there is; else None."""
    code = options["site"]
    known = list(Site.objects.filter(organization=organization).order_by("code"))
    if not code:
        return known[0] if len(known) == 1 else None
    found = [site for site in known if site.code == code] or [s for s in known if s.name == code]
    if len(found) == 1:
        return found[0]
    if not options["create_missing"]:
        names = ", ".join(site.code for site in known) or "no site yet"
        raise CommandError(
            f"There is no site {code!r}; there is {names}. Create it, or add --create-missing."
        )
    if len(code) > 20:
        raise CommandError(f"The site code {code!r} is longer than 20 characters.")
    timezone = zone.key if zone else organization.timezone
    site, _ = Site.objects.get_or_create(
        organization=organization, code=code, defaults={"name": code, "timezone": timezone}
    )
    return site


def _zone(name: str) -> ZoneInfo:
    try:
        validate_timezone(name)
    except ValidationError as error:
        raise CommandError(f"--timezone: {error.messages[0]}") from error
    return ZoneInfo(name)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
