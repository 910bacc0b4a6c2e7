"""Larger jobs of the past sixty days, told whole: who, how long, parts, costs, standstill."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from assets.models import Asset, UptimeEvent
from maintenance import services as maintenance
from maintenance.models import FailureCause, FailureMechanism, JobPlan, MaintenanceType, Part
from maintenance.services import Outcome, costs, downtimes, labor, store
from opssight.demo.people import People
from opssight.demo.work import finish

_ANNOUNCED = timedelta(days=2)
_CLOCK = timedelta(minutes=4)


class Job(NamedTuple):
    """Done `day` days from the anchor, by one technician of each skill.

    minutes: of each. parts: number and quantity, besides those of the plan. costs: what and amount.
    failure: mode, cause and mechanism.
    """

    tag: str
    title: str
    day: float
    kind: MaintenanceType
    minutes: int
    skills: tuple[str, ...]
    notes: str
    plan: str = ""
    parts: tuple[tuple[str, str], ...] = ()
    costs: tuple[tuple[str, str], ...] = ()
    failure: tuple[str, FailureCause, FailureMechanism] | None = None
    signed_by: str = ""


_CORRECTIVE, _PREVENTIVE = MaintenanceType.CORRECTIVE, MaintenanceType.PREVENTIVE
JOBS: tuple[Job, ...] = (
    Job("P-301A", "Replace the mechanical seal", -40.9, _CORRECTIVE, 260,
        ("mechanical", "electrical"),
        "Seal faces worn by polymer. Cartridge seal replaced, quench line cleaned, motor checked.",
        "CM-02", (("OI-046", "6"),), (("Mobile crane, half a day", "840.00"),
                                      ("Scaffolding", "365.00")),
        ("external leakage of process medium", FailureCause.OPERATION, FailureMechanism.MECHANICAL),
        "Luis Ortega, Operations"),
    Job("G-301", "Repair the leaking shaft seal", -26.1, _CORRECTIVE, 210, ("mechanical",),
        "Lip seal hardened. Replaced; shaft polished where it ran in. Oil filled up.",
        "", (("OI-046", "18"),), (("Seal, by courier", "148.50"),),
        ("external leakage of utility medium", FailureCause.FABRICATION,
         FailureMechanism.MATERIAL)),
    Job("CV-421", "Repair the belt splice", -18.4, _CORRECTIVE, 240, ("mechanical",),
        "Splice opened over a third of its width. Vulcanized anew.",
        "", (), (("Vulcanizing service", "1260.00"),),
        ("structural deficiency", FailureCause.OPERATION, FailureMechanism.MATERIAL)),
    Job("GN-602", "2,000 h service", -14.95, _PREVENTIVE, 420, ("mechanical", "electrical"),
        "Oil, filters and spark plugs changed; valve clearance set.",
        "LU-02", (("FI-310", "1"),), (("Spark plugs, set of 16", "1824.00"),)),
    Job("K-202", "Inspection of the pressure vessel", -8.35, MaintenanceType.INSPECTION, 210,
        ("mechanical",),
        "No findings. Next one in five years.",
        "IN-02", (), (("Inspection body", "690.00"),), None, "Dr. Katrin Böhm, inspection body"),
    Job("CV-502", "Change the screen", -5.1, _PREVENTIVE, 150, ("mechanical",),
        "Screen worn through at the feed side. Changed; dust emptied."),
)  # fmt: skip


def do_jobs(
    *,
    assets: Mapping[str, Asset],
    people: People,
    plans: Mapping[str, JobPlan],
    anchor: datetime,
    start: datetime,
    end: datetime,
) -> None:
    """Do what was finished within (start, end]."""
    for job in JOBS:
        at = anchor + timedelta(days=job.day)
        if start < at <= end:
            _do(job, assets[job.tag], people, plans.get(job.plan), at + _CLOCK)


def _do(job: Job, asset: Asset, people: People, plan: JobPlan | None, at: datetime) -> None:
    crew = [people.technician_for(asset.site.code, skill) for skill in job.skills]
    lead, begun = crew[0], at - timedelta(minutes=job.minutes)
    order = maintenance.create_work_order(
        asset=asset,
        title=job.title,
        maintenance_type=job.kind,
        job_plan=plan,
        technician=lead,
        due_at=at + timedelta(hours=4),
        by=people.planner,
        at=begun - _ANNOUNCED,
        planned_start=begun,
        planned_end=at,
    )
    maintenance.start(work_order=order, by=lead.user, at=begun)
    for helper in crew[1:]:
        labor.log(work_order=order, technician=helper, minutes=job.minutes, at=at)
    for number, quantity in job.parts:
        part = Part.objects.get(organization=asset.organization_id, number=number)
        store.issue(work_order=order, part=part, quantity=Decimal(quantity), by=lead.user, at=at)
    for what, amount in job.costs:
        costs.add_other(
            work_order=order, what=what, amount=Decimal(amount), by=people.planner, at=at
        )
    down = UptimeEvent.objects.filter(
        asset=asset, state=UptimeEvent.State.DOWN, started_at__range=(begun - _ANNOUNCED, at)
    )
    for event in down:
        downtimes.link(work_order=order, event=event)
    mode, cause, mechanism = job.failure or ("", "", "")
    order.refresh_from_db()
    finish(
        order,
        by=lead.user,
        at=at,
        outcome=Outcome(
            notes=job.notes,
            labor_minutes=job.minutes,
            failure_mode=mode,
            failure_cause=cause,
            failure_mechanism=mechanism,
            signed_by=job.signed_by,
        ),
    )
