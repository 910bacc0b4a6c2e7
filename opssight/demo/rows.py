"""Master data of the demo plant as rows: sites, the asset tree, sensors, relations, groups."""

from datetime import datetime

from assets.models import Asset, AssetGroup, AssetGroupMember, AssetRelationship, Sensor, Site
from opssight.accounts.models import Organization
from opssight.core.walls import new_organization_id
from opssight.demo import layout
from opssight.demo.catalog import VALUES
from opssight.demo.plant import Plant
from opssight.demo.scenario import STEP

SLUG = "kestrelholm"
ANCHOR_KEY = "demo_anchor"
# By criticality: what an hour of standstill costs.
_DOWNTIME_COST = {1: 40, 2: 120, 3: 380, 4: 1_250, 5: 4_200}


def create_organization() -> Organization:
    """The tenant of the demo. Raises IntegrityError when it exists."""
    return Organization.objects.create(
        pk=new_organization_id(),
        name=layout.ORGANIZATION,
        slug=SLUG,
        timezone=layout.TIME_ZONE,
    )


def create_assets(
    plant: Plant, *, organization: Organization, anchor: datetime
) -> dict[str, Asset]:
    """Make sites and assets, level by level, and return the assets by tag."""
    sites = {
        site.code: Site(
            organization=organization, code=site.code, name=site.name, timezone=site.time_zone
        )
        for site in plant.sites
    }
    Site.objects.bulk_create(sites.values())

    made: dict[str, Asset] = {}
    rest = list(plant.assets)
    while rest:
        level = [planned for planned in rest if not planned.parent or planned.parent in made]
        rows = [
            Asset(
                organization=organization,
                tag=planned.tag,
                name=planned.name,
                category=planned.category,
                site=sites[planned.site.code],
                parent=made.get(planned.parent),
                criticality=planned.criticality,
                manufacturer=planned.manufacturer,
                model=planned.model,
                serial_number=planned.serial_number,
                installed_at=planned.installed_on,
                replacement_value=VALUES.get(planned.category),
                downtime_cost=_DOWNTIME_COST[planned.criticality] if planned.sensors else None,
                attributes={} if planned.parent else {ANCHOR_KEY: anchor.isoformat()},
            )
            for planned in level
        ]
        Asset.objects.bulk_create(rows)
        made.update((row.tag, row) for row in rows)
        rest = [planned for planned in rest if planned.tag not in made]
    _create_relations(made, organization=organization)
    return made


def _create_relations(assets: dict[str, Asset], *, organization: Organization) -> None:
    AssetRelationship.objects.bulk_create(
        AssetRelationship(
            organization=organization, source=assets[source], target=assets[target], kind=kind
        )
        for source, kind, target in layout.RELATIONS
    )
    groups = [
        AssetGroup(organization=organization, name=name, description=description)
        for name, description, _ in layout.GROUPS
    ]
    AssetGroup.objects.bulk_create(groups)
    AssetGroupMember.objects.bulk_create(
        AssetGroupMember(organization=organization, group=group, asset=assets[tag])
        for group, (_, _, tags) in zip(groups, layout.GROUPS, strict=True)
        for tag in tags
    )


def create_sensors(
    plant: Plant, assets: dict[str, Asset], *, organization: Organization
) -> list[Sensor]:
    """Make the sensors and return them in the order of the rows of simulated values."""
    return Sensor.objects.bulk_create(
        Sensor(
            organization=organization,
            asset=assets[asset.tag],
            key=sensor.key,
            quantity=sensor.quantity,
            unit=sensor.unit,
            kind=Sensor.Kind.COUNTER if sensor.counter else Sensor.Kind.GAUGE,
            low_limit=sensor.low,
            high_limit=sensor.high,
            expected_interval=STEP,
        )
        for asset, sensor in plant.sensors
    )
