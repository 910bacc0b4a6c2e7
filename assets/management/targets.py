"""Which sensor a reading of a file belongs to."""

from dataclasses import dataclass, field
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import transaction

from assets.models import Asset, Sensor, Site
from opssight.accounts.models import Organization

# Names that were refused are remembered, but a file full of them must not fill the memory.
_MOST_REMEMBERED = 10_000


class Refused(Exception):
    """The reading belongs to nothing known; the message says what to do."""


class NoSite(Exception):
    """An asset is to be created, but it is not known where."""


class Place(NamedTuple):
    """Where a reading goes, and which values are possible there."""

    sensor: int
    unit: str = ""
    low: float | None = None
    high: float | None = None


@dataclass
class _Known:
    asset: Asset
    zone: ZoneInfo
    sensors: dict[str, Place]


@dataclass
class Targets:
    """Finds, and where asked creates, the assets and sensors that a file names."""

    organization: Organization
    site: Site | None = None
    create_missing: bool = False
    zone: ZoneInfo | None = None
    units: dict[str, str] = field(default_factory=dict)
    unit: str = ""
    _assets: dict[str, _Known | str] = field(default_factory=dict)
    # readings of these sensors are in another unit
    _refused: dict[tuple[str, str], str] = field(default_factory=dict)

    def zone_of(self, tag: str) -> ZoneInfo:
        """The zone of the asset's times that name none: the given one, or its site's."""
        if self.zone is not None:
            return self.zone
        known = self._assets.get(tag) or self._look_up(tag)
        if isinstance(known, _Known):
            return known.zone
        return ZoneInfo(self.site.timezone) if self.site else self.organization.zone

    def place(self, tag: str, key: str) -> Place:
        """The asset's sensor. Raises Refused, or NoSite."""
        known = self._asset(tag)
        place = known.sensors.get(key)
        if place is None:
            raise Refused(self._sensor_problem(tag, key))
        return place

    def expect(self, tag: str, keys: list[str]) -> None:
        """Create the sensors that the asset lacks, all at once, where that was asked for."""
        if not self.create_missing:
            return
        try:
            known = self._asset(tag)
        except Refused:
            return  # each reading will say so
        missing = [
            key
            for key in keys
            if key not in known.sensors and 0 < len(key) <= 100 and (tag, key) not in self._refused
        ]
        if missing:
            self._create_sensors(known, missing)

    def _sensor_problem(self, tag: str, key: str) -> str:
        if (tag, key) not in self._refused:
            return _sensor_problem(tag, key)
        return self._refused[tag, key]

    def _asset(self, tag: str) -> _Known:
        known = self._assets.get(tag) or self._look_up(tag)
        if isinstance(known, str):
            if not self.create_missing or not 0 < len(tag) <= 50:
                raise Refused(known)
            known = self._create_asset(tag)
        return known

    def _look_up(self, tag: str) -> _Known | str:
        asset = (
            Asset.objects.select_related("site")
            .filter(organization=self.organization, tag=tag)
            .first()
        )
        if asset is not None:
            known: _Known | str = self._remember(asset)
        else:
            if len(self._assets) >= _MOST_REMEMBERED:
                self._assets = {t: k for t, k in self._assets.items() if isinstance(k, _Known)}
            known = self._assets[tag] = _asset_problem(tag)
        return known

    def _remember(self, asset: Asset) -> _Known:
        known = _Known(asset, ZoneInfo(asset.site.timezone), {})
        for sensor in Sensor.objects.filter(asset=asset):
            wanted = self._unit_of(sensor.key)
            if wanted and sensor.unit and wanted != sensor.unit:
                self._refused[asset.tag, sensor.key] = (
                    f"The sensor {sensor.key!r} of {asset.tag} is in {sensor.unit}, not in"
                    f" {wanted}: convert the values, or leave out --unit if they are in it."
                )
            else:
                known.sensors[sensor.key] = _place(sensor)
        self._assets[asset.tag] = known
        return known

    def _create_asset(self, tag: str) -> _Known:
        if self.site is None:
            raise NoSite(
                f"There is no asset {tag!r}, and it is not clear at which site to create it:"
                " add --site CODE."
            )
        with transaction.atomic():
            asset, _ = Asset.objects.get_or_create(
                organization=self.organization, tag=tag, defaults={"name": tag, "site": self.site}
            )
        return self._remember(asset)

    def _create_sensors(self, known: _Known, keys: list[str]) -> None:
        with transaction.atomic():
            Sensor.objects.bulk_create(
                (
                    Sensor(
                        organization=self.organization,
                        asset=known.asset,
                        key=key,
                        quantity=key,
                        unit=self._unit_of(key),
                    )
                    for key in keys
                ),
                ignore_conflicts=True,  # another import may have been quicker
            )
        made = Sensor.objects.filter(asset=known.asset, key__in=keys)
        known.sensors.update({sensor.key: _place(sensor) for sensor in made})

    def _unit_of(self, key: str) -> str:
        return self.units.get(key, self.unit)


def _place(sensor: Sensor) -> Place:
    return Place(sensor.pk, sensor.unit, sensor.physical_low, sensor.physical_high)


def _asset_problem(tag: str) -> str:
    if not tag:
        return "The line names no asset."
    if len(tag) > 50:
        return f"The asset name {tag[:50]!r}… is longer than 50 characters: use --asset TAG."
    return f"There is no asset {tag!r}: create it first, or add --create-missing."


def _sensor_problem(tag: str, key: str) -> str:
    if not key:
        return f"The line names no sensor of {tag}."
    if len(key) > 100:
        return f"The sensor name {key[:50]!r}… is longer than 100 characters."
    return f"{tag} has no sensor {key!r}: create it first, or add --create-missing."
