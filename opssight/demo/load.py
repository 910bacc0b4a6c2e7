"""Fill an empty database with the demo plant, in one transaction: all of it, or nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from anomalies import services as anomalies
from assets.models import Asset, Sensor
from forecasts import services as forecasts
from maintenance.services import refresh_next_due
from maintenance.services.kpis import refresh_kpis
from notifications.models import Notification
from opssight.accounts.models import Organization, User
from opssight.demo import people, rows
from opssight.demo.copying import copy_readings
from opssight.demo.decisions import decide
from opssight.demo.people import NotDemoMode, People
from opssight.demo.plant import Plant, build
from opssight.demo.routine import do_scheduled_work
from opssight.demo.scenario import STEP, Scenario, faults, stops
from opssight.demo.simulator import simulate
from opssight.demo.store import create_store
from opssight.demo.upkeep import create_schedules
from opssight.demo.uptime import create_ledger

DAYS = 60
# Advice is opened when readings are scored, so the past is scored in steps: after each repair, and
# ever more often toward the present.
_STEPS = (-40.0, -28.0, -14.0, -8.0, -5.0, -2.5, -1.0)


class NotEmpty(Exception):
    """The database holds data, which a demo must not be mixed with."""

    def __str__(self) -> str:
        return (
            "The database holds data already, so the demo plant was not loaded. Use an empty"
            " database, or `make demo-reset` to start the demo anew."
        )


@dataclass(frozen=True)
class Progress:
    """Hears what the loader does: each stage by name, and the share of the past lived through."""

    stage: Callable[[str], None]
    lived: Callable[[float], None]


def is_empty() -> bool:
    """Whether nobody and nothing was put into the database yet."""
    return not Organization.objects.exists() and not User.objects.exists()


@transaction.atomic
def load(*, at: datetime, progress: Progress, days: int = DAYS) -> Organization:
    """Make the plant with `days` of history that end at `at`. Raises NotDemoMode or NotEmpty."""
    if not settings.DEMO:
        raise NotDemoMode
    if not is_empty():
        raise NotEmpty
    step = int(STEP.total_seconds())
    anchor = datetime.fromtimestamp(int(at.timestamp()) // step * step, UTC)
    scenario, plant, since = Scenario(anchor), build(), anchor - timedelta(days=days)

    progress.stage("Making people, assets, sensors, schedules and spare parts")
    with connection.cursor() as cursor:
        # Two million references would otherwise be checked in one long silence at the end.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    organization = rows.create_organization()
    staff = people.create(organization=organization)
    assets = rows.create_assets(plant, organization=organization, anchor=anchor)
    sensors = rows.create_sensors(plant, assets, organization=organization)
    create_ledger(plant, assets, stops(scenario, anchor), since=since, until=anchor)
    create_schedules(plant, assets, organization=organization, people=staff, origin=since)
    create_store(organization=organization, people=staff, at=since)
    refresh_next_due(assets=Asset.objects.filter(organization=organization))

    progress.stage(f"Living through {days} days: readings, anomalies, advice and work")
    past = Past(plant, scenario, organization, staff, sensors, list(assets.values()))
    start = since
    for end in checkpoints(scenario, since):
        past.live(start, end)
        progress.lived((end - since) / (anchor - since))
        start = end

    progress.stage("Looking ahead: forecasts, risk and KPIs")
    forecasts.refresh_forecasts(asset_ids=past.asset_ids, at=anchor)
    forecasts.refresh_risk(asset_ids=past.asset_ids, at=anchor)
    refresh_kpis(organization_id=organization.pk, at=anchor)
    _read_old_messages(organization, before=anchor - timedelta(days=1))
    return organization


@dataclass(frozen=True)
class Past:
    """What happened before the visitor came, through the same services as in a real plant."""

    plant: Plant
    scenario: Scenario
    organization: Organization
    staff: People
    sensors: list[Sensor]
    assets: list[Asset]

    @property
    def asset_ids(self) -> list[int]:
        return [asset.pk for asset in self.assets]

    def live(self, start: datetime, end: datetime) -> None:
        """Take in the readings of [start, end), score them, and answer what they advise."""
        anchor = self.scenario.anchor
        copy_readings(self.sensors, simulate(self.plant, self.scenario, start, end))
        do_scheduled_work(organization=self.organization, people=self.staff, since=start, at=end)
        anomalies.score_sensors(sensor_ids=[sensor.pk for sensor in self.sensors], at=end)
        forecasts.refresh_risk(asset_ids=self.asset_ids, at=end)
        decide(
            organization=self.organization,
            people=self.staff,
            faults=faults(self.scenario, anchor),
            stops=stops(self.scenario, anchor),
            at=end,
        )


def checkpoints(scenario: Scenario, since: datetime) -> list[datetime]:
    """Return the moments up to which the past is lived through in one go, the anchor last."""
    moments = {scenario.anchor + timedelta(days=day) for day in _STEPS}
    moments |= {fault.repaired for fault in faults(scenario, scenario.anchor)}
    inside = sorted(moment for moment in moments if since < moment < scenario.anchor)
    return [*inside, scenario.anchor]


def _read_old_messages(organization: Organization, *, before: datetime) -> None:
    """People have read what they were told before; only yesterday's messages wait."""
    old = Notification.objects.filter(organization=organization, created_at__lt=before)
    old.update(delivered_at=F("created_at"), read_at=F("created_at"))
