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
from maintenance.models import JobPlan
from maintenance.services import generate_due_work_orders, recalculate_due_dates
from maintenance.services.kpis import refresh_kpis
from notifications.models import Notification
from opssight.accounts.models import Organization, User
from opssight.demo import people, production, reports, rows, today, week
from opssight.demo.copying import copy_readings
from opssight.demo.crew import create_service_levels, create_shifts
from opssight.demo.decisions import decide
from opssight.demo.history import create_failures, foresee
from opssight.demo.job_plans import create_job_plans
from opssight.demo.jobs import do_jobs
from opssight.demo.people import NotDemoMode, People
from opssight.demo.plant import Plant, build
from opssight.demo.programs import create_programs
from opssight.demo.routine import do_scheduled_work
from opssight.demo.scenario import STEP, Scenario, faults, stops
from opssight.demo.simulator import simulate
from opssight.demo.store import create_store
from opssight.demo.upkeep import create_schedules
from opssight.demo.uptime import create_ledger
from telemetry.services.quality import look
from telemetry.services.quality_advice import advise

DAYS = 60
# Advice is opened when readings are scored, so the past is scored in steps: after each repair, and
# ever more often toward the present.
_STEPS = (-40.0, -28.0, -14.0, -8.0, -5.0, -2.5, -1.0)
# The models of machines are fitted each night; here, where what they find next is still open.
_FITS = (timedelta(days=-14), timedelta())


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
    create_failures(plant, assets, before=since)
    create_ledger(plant, assets, stops(scenario, anchor), since=since, until=anchor)
    create_shifts(people=staff, at=anchor)
    create_service_levels(organization=organization)
    create_store(organization=organization, people=staff, at=since)
    plans = create_job_plans(organization=organization)
    create_schedules(
        plant, assets, organization=organization, people=staff, plans=plans, origin=since
    )
    create_programs(plant, assets, people=staff, plans=plans, since=since, anchor=anchor)
    production.create_runs(assets, since=since, until=anchor)
    reports.open_points(assets)
    recalculate_due_dates(organization_id=organization.pk, at=since)

    progress.stage(f"Living through {days} days: readings, anomalies, advice and work")
    past = Past(plant, scenario, organization, staff, sensors, assets, plans)
    start = since
    for end in checkpoints(scenario, since):
        past.live(start, end)
        if end - anchor in _FITS:
            anomalies.refit_machines(asset_ids=past.asset_ids, at=end)
        progress.lived((end - since) / (anchor - since))
        start = end
    reports.report(assets, people=staff, at=anchor)
    today.leave_work(assets, people=staff, plans=plans, at=anchor)
    week.close_reviewed(organization=organization, people=staff, at=anchor)
    week.plan_days(organization=organization, people=staff, at=anchor)

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
    assets: dict[str, Asset]
    plans: dict[str, JobPlan]

    @property
    def asset_ids(self) -> list[int]:
        return [asset.pk for asset in self.assets.values()]

    def live(self, start: datetime, end: datetime) -> None:
        """Take in the readings of [start, end), score them, and answer what they advise."""
        anchor = self.scenario.anchor
        copy_readings(self.sensors, simulate(self.plant, self.scenario, start, end))
        do_scheduled_work(organization=self.organization, people=self.staff, since=start, at=end)
        do_jobs(
            assets=self.assets,
            people=self.staff,
            plans=self.plans,
            anchor=anchor,
            start=start,
            end=end,
        )
        recalculate_due_dates(organization_id=self.organization.pk, at=end)
        generate_due_work_orders(organization_id=self.organization.pk, at=end)
        sensor_ids = [sensor.pk for sensor in self.sensors]
        look(sensor_ids=sensor_ids, at=end)
        anomalies.score_sensors(sensor_ids=sensor_ids, at=end)
        anomalies.score_machines(asset_ids=self.asset_ids, at=end)
        advise(organization_id=self.organization.pk, at=end)
        forecasts.refresh_risk(asset_ids=self.asset_ids, at=end)
        decide(
            organization=self.organization,
            people=self.staff,
            faults=faults(self.scenario, anchor),
            stops=stops(self.scenario, anchor),
            at=end,
        )
        foresee(organization_id=self.organization.pk, asset_ids=self.asset_ids, at=end)


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
