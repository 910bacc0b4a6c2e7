"""The demo plant put together: every asset with its own sensors, limits and schedules."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache

from opssight.demo import layout
from opssight.demo.catalog import MAKERS, SCHEDULES, SENSORS, ScheduleType, SensorType
from opssight.demo.noise import between, key_of


@dataclass(frozen=True)
class Site:
    """A place with its own clock and climate: yearly mean and swings in °C."""

    code: str
    name: str
    time_zone: str
    mean: float
    season: float
    day: float
    weather: float


@dataclass(frozen=True)
class Asset:
    """One node of the tree. `parent` is a tag, or empty right below the site."""

    tag: str
    name: str
    category: str
    site: Site
    parent: str
    criticality: int
    rhythm: layout.Rhythm
    manufacturer: str
    model: str
    serial_number: str
    installed_on: date
    sensors: tuple[SensorType, ...]
    schedules: tuple[ScheduleType, ...]


@dataclass(frozen=True)
class Plant:
    """All assets, parents before children."""

    sites: tuple[Site, ...]
    assets: tuple[Asset, ...]

    @property
    def sensors(self) -> tuple[tuple[Asset, SensorType], ...]:
        """Every sensor with its asset, in the order of the rows of simulated values."""
        return tuple((asset, sensor) for asset in self.assets for sensor in asset.sensors)


def _sized(tag: str, sensor: SensorType) -> SensorType:
    """The sensor type scaled to one machine: no two pumps run at exactly the same values."""
    if sensor.counter:
        return replace(sensor, base=round(between(2_000, 60_000, tag, sensor.key)))
    if sensor.quantity == "temperature":
        return replace(sensor, base=sensor.base * between(0.95, 1.05, tag, sensor.key))
    size = between(0.85, 1.15, tag, sensor.key)
    # The limits of vibration come from the standard, not from the machine.
    scaled = 1.0 if sensor.quantity == "vibration" else size
    return replace(
        sensor,
        base=sensor.base * size,
        noise=sensor.noise * size,
        low=None if sensor.low is None else round(sensor.low * scaled, sensor.decimals),
        high=None if sensor.high is None else round(sensor.high * scaled, sensor.decimals),
    )


@cache
def build() -> Plant:
    """Return the one demo plant: 3 sites, 78 assets, about 240 sensors. Always the same."""
    sites = tuple(Site(*row) for row in layout.SITES)
    home = {site.code: site for site in sites}
    assets: dict[str, Asset] = {}
    for tag, name, category, parent, criticality, rhythm in layout.ASSETS:
        site = home[parent] if parent in home else assets[parent].site
        number = key_of("serial", tag)
        makers = MAKERS[category]
        manufacturer, model = makers[number % len(makers)]
        assets[tag] = Asset(
            tag=tag,
            name=name,
            category=category,
            site=site,
            parent="" if parent in home else parent,
            criticality=criticality,
            rhythm=rhythm,
            manufacturer=manufacturer,
            model=model,
            serial_number=f"{manufacturer[:2].upper()}-{number % 10**7:07d}" if model else "",
            installed_on=date(2009, 1, 1) + timedelta(days=int(between(0, 15 * 365, "age", tag))),
            sensors=tuple(_sized(tag, sensor) for sensor in SENSORS.get(category, ())),
            schedules=SCHEDULES.get(category, ()),
        )
    return Plant(sites=sites, assets=tuple(assets.values()))
