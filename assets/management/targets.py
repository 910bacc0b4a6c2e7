"""Which sensor a reading of a file belongs to."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.db import transaction

from assets.models import Asset, Sensor, Site
from opssight.accounts.models import Organization

# Names that were refused are remembered, but a file full of them must not fill the memory.
_MOST_REMEMBERED = 10_000


class Refused(Exception):
    """The reading belongs to nothing known; the message says what to do."""


@dataclass
class _Known:
    asset: Asset
    zone: ZoneInfo
    sensors: dict[str, int]


@dataclass
class Targets:
    """Finds, and where asked creates, the assets and sensors that a file names."""

    organization: Organization
    site: Site | None = None
    create_missing: bool = False
    zone: ZoneInfo | None = None
    units: dict[str, str] = field(default_factory=dict)
    unit: str = ""
    assets_created: int = 0
    sensors_created: int = 0
    _assets: dict[str, _Known | str] = field(default_factory=dict)
    _refused: dict[tuple[str, str], str] = field(default_factory=dict)

    def zone_of(self, tag: str) -> ZoneInfo:
        """The zone of the asset's times that name none: the given one, or its site's."""
        if self.zone is not None:
            return self.zone
        known = self._assets.get(tag) or self._look_up(tag)
        if isinstance(known, _Known):
            return known.zone
        return ZoneInfo(self.site.timezone) if self.site else self.organization.zone

    def sensor_id(self, tag: str, key: str) -> int:
        """The id of the asset's sensor. Raises Refused."""
        known = self._asset(tag)
        pk = known.sensors.get(key)
        return pk if pk is not None else self._missing_sensor(known, tag, key)

    def _missing_sensor(self, known: _Known, tag: str, key: str) -> int:
        problem = self._refused.get((tag, key))
        if problem is None:
            if self.create_missing and 0 < len(key) <= 100:
                return self._create_sensor(known, key)
            if len(self._refused) >= _MOST_REMEMBERED:
                self._refused.clear()
            problem = _sensor_problem(known, tag, key)
            self._refused[tag, key] = problem
        raise Refused(problem)

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
                known.sensors[sensor.key] = sensor.pk
        self._assets[asset.tag] = known
        return known

    def _create_asset(self, tag: str) -> _Known:
        if self.site is None:
            raise Refused(
                f"There is no asset {tag!r}, and no site to create it at: add --site CODE."
            )
        with transaction.atomic():
            asset, created = Asset.objects.get_or_create(
                organization=self.organization, tag=tag, defaults={"name": tag, "site": self.site}
            )
        self.assets_created += created
        return self._remember(asset)

    def _create_sensor(self, known: _Known, key: str) -> int:
        with transaction.atomic():
            sensor, created = Sensor.objects.get_or_create(
                asset=known.asset,
                key=key,
                defaults={
                    "organization": self.organization,
                    "quantity": key,
                    "unit": self._unit_of(key),
                },
            )
        self.sensors_created += created
        known.sensors[key] = sensor.pk
        return sensor.pk

    def _unit_of(self, key: str) -> str:
        return self.units.get(key, self.unit)


def _asset_problem(tag: str) -> str:
    if not tag:
        return "The line names no asset."
    if len(tag) > 50:
        return f"The asset name {tag[:50]!r}… is longer than 50 characters: use --asset TAG."
    return f"There is no asset {tag!r}: create it first, or add --create-missing."


def _sensor_problem(known: _Known, tag: str, key: str) -> str:
    if not key:
        return f"The line names no sensor of {tag}."
    if len(key) > 100:
        return f"The sensor name {key[:50]!r}… is longer than 100 characters."
    return f"{tag} has no sensor {key!r}: create it first, or add --create-missing."
