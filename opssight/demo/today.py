"""What is under way in the demo plant when its visitor comes: work in every state."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from assets.models import Asset
from maintenance import services as maintenance
from maintenance.models import (
    AnswerKind,
    JobPlan,
    MaintenanceType,
    Part,
    Technician,
    Urgency,
    WorkOrder,
    WorkOrderTask,
)
from maintenance.services import (
    Outcome,
    attachments,
    comments,
    labor,
    links,
    store,
    transitions,
)
from maintenance.services.answers import answer, answer_all
from maintenance.services.judging import Answer
from opssight.demo import work
from opssight.demo.people import People
from opssight.demo.pictures import leaking_pump

_ROUND_BEGAN = timedelta(minutes=70)
_WORKED = 55
_ANSWERED = 3


def leave_work(
    assets: Mapping[str, Asset], *, people: People, plans: Mapping[str, JobPlan], at: datetime
) -> None:
    """Leave a round half done, work that waits, work in parts, a draft, and a signed report."""
    _round(assets, people, plans["IN-01"], at)
    _waiting(assets["M-401"], people, plans["CM-01"], at)
    _changeover(assets, people, at)
    _signed(assets["E-101"], people, plans["IN-02"], at)
    maintenance.create_work_order(
        asset=assets["P-411"],
        title="Weld a new guard for the coupling",
        description="Quotation of the workshop to come. Approve when it is there.",
        priority=Urgency.LOW,
        due_at=at + timedelta(days=20),
        by=people.planner,
        at=at - timedelta(days=1),
        is_draft=True,
    )


def _round(assets: Mapping[str, Asset], people: People, plan: JobPlan, at: datetime) -> None:
    """The technician who signs in finds it begun: some answers, one failure, a photo, words."""
    technician = people.technician_for("HAM", "mechanical")
    by, begun = technician.user, at - _ROUND_BEGAN
    order = maintenance.create_work_order(
        asset=assets["P-121A"],
        assets=[assets["P-121B"]],
        title="Inspection round, cooling water pumps",
        maintenance_type=MaintenanceType.INSPECTION,
        job_plan=plan,
        technician=technician,
        due_at=at + timedelta(hours=5),
        by=people.planner,
        at=at - timedelta(days=3),
        planned_start=begun,
        planned_end=begun + timedelta(hours=2),
    )
    maintenance.start(work_order=order, by=by, at=begun)
    tasks = list(order.tasks.select_related("asset").order_by("line__position", "position"))
    first = [task for task in tasks if task.asset_id == order.asset_id]
    passed = Answer(outcome=WorkOrderTask.Outcome.PASSED)
    drips = first[1]
    answer_all(
        answers={task.pk: passed for task in first[:_ANSWERED] if task != drips},
        by=by,
        at=begun + timedelta(minutes=12),
    )
    photo = attachments.attach(
        asset=order.asset,
        upload=leaking_pump("drive-end-seal.jpg"),
        by=by,
        at=begun + timedelta(minutes=15),
        work_order=order,
    )
    answer(
        task=drips,
        given=Answer(
            outcome=WorkOrderTask.Outcome.FAILED, answer="Two drops a minute.", photo=photo
        ),
        by=by,
        at=begun + timedelta(minutes=16),
    )
    pictured = next(task for task in first if task.kind == AnswerKind.PHOTO)
    answer(task=pictured, given=Answer(photo=photo), by=by, at=begun + timedelta(minutes=17))
    comments.say(
        work_order=order,
        text="@planner pump A drips at the seal, see the photo. Can B take over on Thursday?",
        by=by,
        at=begun + timedelta(minutes=20),
    )
    comments.say(
        work_order=order,
        text="@technician yes, operations agrees. The seal is in the store, bin A-3.",
        by=people.planner,
        at=begun + timedelta(minutes=41),
    )
    labor.log(work_order=order, technician=technician, minutes=_WORKED, at=at)


def _waiting(asset: Asset, people: People, plan: JobPlan, at: datetime) -> None:
    """More bearings are needed than lie in the store."""
    order = _planned(
        asset,
        "Replace the drive-end bearing of the main motor",
        people.technician_for("HOU", "mechanical"),
        people,
        at=at - timedelta(days=4),
        due_at=at + timedelta(days=8),
        job_plan=plan,
        maintenance_type=MaintenanceType.CONDITION_BASED,
    )
    part = Part.objects.get(organization=asset.organization_id, number="BR-6312")
    store.reserve(work_order=order, part=part, quantity=Decimal(3), at=at - timedelta(days=3))
    transitions.move(
        work_order=order,
        to=WorkOrder.Status.WAITING,
        by=people.planner,
        at=at - timedelta(days=3),
        note="One bearing BR-6312 is missing: ordered, delivery in nine days.",
    )


def _changeover(assets: Mapping[str, Asset], people: People, at: datetime) -> None:
    """A larger order with three parts: one done, one to do, and one that waits for it."""
    made, mechanic = at - timedelta(days=4), people.technician_for("PUN", "mechanical")
    whole = _planned(
        assets["SYS-510"],
        "Changeover of the polymer line to grade 7",
        None,
        people,
        at=made,
        due_at=at + timedelta(days=6),
    )
    steps = (
        ("CV-501", "Empty and clean the intake", people.technician_for("PUN", "electrical"), 2),
        ("G-501", "Align the dryer drive", mechanic, 4),
        ("CV-504", "Set up and try the bagging line", mechanic, 5),
    )
    first, second, last = (
        _planned(
            assets[tag],
            title,
            technician,
            people,
            at=made,
            due_at=at + timedelta(days=days),
            parent=whole,
        )
        for tag, title, technician, days in steps
    )
    links.block(work_order=last, blocker=second)
    work.finish(
        first,
        by=steps[0][2].user,
        at=at - timedelta(hours=20),
        outcome=Outcome(notes="Swept, washed, dried. No residue.", labor_minutes=140),
    )


def _signed(asset: Asset, people: People, plan: JobPlan, at: datetime) -> None:
    """Completed this morning and signed: the planner is to look at it and close it."""
    technician = people.technician_for("HAM", "mechanical")
    order = _planned(
        asset,
        "Inspection of the preheater with the inspection body",
        technician,
        people,
        at=at - timedelta(days=3),
        due_at=at + timedelta(days=1),
        job_plan=plan,
        maintenance_type=MaintenanceType.INSPECTION,
    )
    work.finish(
        order,
        by=technician.user,
        at=at - timedelta(hours=4),
        outcome=Outcome(
            notes="Wall thickness and safety valve in order. Report KB-26-118.",
            labor_minutes=195,
            signed_by="Dr. Katrin Böhm, inspection body",
        ),
    )


def _planned(
    asset: Asset,
    title: str,
    technician: Technician | None,
    people: People,
    *,
    at: datetime,
    due_at: datetime,
    job_plan: JobPlan | None = None,
    parent: WorkOrder | None = None,
    maintenance_type: MaintenanceType = MaintenanceType.PREVENTIVE,
) -> WorkOrder:
    return maintenance.create_work_order(
        asset=asset,
        title=title,
        maintenance_type=maintenance_type,
        technician=technician,
        due_at=due_at,
        by=people.planner,
        at=at,
        job_plan=job_plan,
        parent=parent,
    )
