"""The proof of work: what it needs, what it writes, and that nothing remains of half of it."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from assets.models import UptimeEvent
from maintenance import services
from maintenance.models import (
    Downtime,
    LaborEntry,
    MaintenanceRecord,
    Technician,
    Verdict,
    WorkOrder,
    WorkOrderAsset,
)
from maintenance.services import completion, downtimes, lines
from maintenance.services.completion import LineOutcome, Outcome
from maintenance.services.history import even, shares
from maintenance.services.transitions import TransitionRefused
from notifications.models import Notification, WebhookEvent
from opssight.accounts.models import Membership, Organization
from tests.conftest import ApiFor
from tests.factories import (
    NOON,
    AnomalyFactory,
    AssetFactory,
    LaborEntryFactory,
    OtherCostFactory,
    RecommendationFactory,
    ScheduleFactory,
    TechnicianFactory,
    UptimeEventFactory,
    WebhookFactory,
    WorkOrderFactory,
    WorkOrderTaskFactory,
)

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
Result = WorkOrderAsset.Result
CODES = {
    "failure_mode": "vibration",
    "failure_cause": "operation",
    "failure_mechanism": "mechanical",
}


@pytest.fixture
def mechanic(plant: Organization, technician: Membership) -> Technician:
    mechanic: Technician = TechnicianFactory.create(organization=plant, user=technician.user)
    return mechanic


def _order(plant: Organization, **values: Any) -> WorkOrder:
    order: WorkOrder = WorkOrderFactory.create(
        **{"asset__organization": plant, "maintenance_type": "preventive", **values}
    )
    return order


def _serve(order: WorkOrder, **values: Any) -> WorkOrderAsset:
    return lines.add(
        work_order=order, asset=AssetFactory.create(organization=order.organization, **values)
    )


def _complete(order: WorkOrder, by: Membership, **report: Any) -> MaintenanceRecord:
    return services.complete(work_order=order, by=by.user, at=NOON, outcome=Outcome(**report))


def _refused(order: WorkOrder, by: Membership, **report: Any) -> str:
    with pytest.raises(TransitionRefused) as refusal:
        _complete(order, by, **report)
    assert not MaintenanceRecord.objects.exists()
    order.refresh_from_db()
    assert order.is_open
    return refusal.value.code


class TestLines:
    def test_each_asset_that_was_served_gets_its_row_and_its_share(
        self, plant: Organization, technician: Membership, mechanic: Technician
    ) -> None:
        order = _order(plant)
        second, third = _serve(order), _serve(order)
        LaborEntryFactory.create(
            work_order=order, asset=order.asset, technician=mechanic, minutes=100, hourly_cost=60
        )
        OtherCostFactory.create(work_order=order, asset=order.asset, amount=Decimal("0.03"))

        _complete(
            order,
            technician,
            notes="Greased.",
            lines={
                order.asset_id: LineOutcome(result=Result.DONE),
                second.asset_id: LineOutcome(result=Result.DEFECT, notes="The seal drips."),
                third.asset_id: LineOutcome(result=Result.NOT_DONE, notes="No access."),
            },
        )

        first, other = MaintenanceRecord.objects.order_by("pk")
        assert (first.asset_id, other.asset_id) == (order.asset_id, second.asset_id)
        assert [row.labor_cost for row in (first, other)] == [Decimal(50), Decimal(50)]
        assert [row.other_cost for row in (first, other)] == [Decimal("0.02"), Decimal("0.01")]
        assert first.labor_minutes + other.labor_minutes == 100
        assert other.notes == "A defect was found.\nThe seal drips.\nGreased."
        served = [order.asset, second.asset, third.asset]
        for asset in served:
            asset.refresh_from_db()
        assert [asset.last_maintenance_at for asset in served] == [NOON, NOON, None]

    def test_several_need_a_result_each(self, plant: Organization, technician: Membership) -> None:
        order = _order(plant)
        line = _serve(order)

        assert _refused(order, technician) == "lines_open"
        for row in order.lines.all():
            lines.decide(line=row, result=Result.DONE)
        _complete(order, technician)

        assert MaintenanceRecord.objects.filter(asset=line.asset_id).exists()

    def test_work_that_could_not_be_done_anywhere_is_kept_as_such(
        self, plant: Organization, technician: Membership
    ) -> None:
        order = _order(plant)
        lines.decide(line=order.lines.get(), result=Result.NOT_DONE, notes="Valve is stuck.")

        record = _complete(order, technician, labor_minutes=10)

        assert record.notes == "Not done.\nValve is stuck."
        assert record.labor_minutes == 10
        order.asset.refresh_from_db()
        assert order.asset.last_maintenance_at is None

    def test_an_asset_is_served_once_and_the_leading_one_stays(
        self, plant: Organization, technician: Membership
    ) -> None:
        order = _order(plant)
        line = _serve(order)

        with pytest.raises(TransitionRefused, match="already"):
            lines.add(work_order=order, asset=line.asset)
        with pytest.raises(TransitionRefused, match="leads the order"):
            lines.remove(line=order.lines.get(asset=order.asset))
        WorkOrderTaskFactory.create(
            work_order=order,
            asset=line.asset,
            outcome="passed",
            answered_at=NOON,
            answered_by=technician.user,
        )
        with pytest.raises(TransitionRefused, match="Work was recorded"):
            lines.remove(line=line)
        line.tasks.all().delete()
        lines.remove(line=line)
        assert order.lines.count() == 1

    def test_nothing_is_added_after_completion(
        self, plant: Organization, technician: Membership
    ) -> None:
        order = _order(plant)
        _complete(order, technician)

        with pytest.raises(TransitionRefused, match="already completed"):
            _serve(order)
        with pytest.raises(TransitionRefused, match="already completed"):
            lines.decide(line=order.lines.get(), result=Result.NOT_DONE)

    def test_the_api_takes_a_result_for_each(
        self, plant: Organization, technician: Membership, api_for: ApiFor
    ) -> None:
        order = _order(plant)
        second = _serve(order)
        url = f"/api/maintenance/work-orders/{order.pk}/complete/"
        body = {
            "lines": [
                {"asset": order.asset_id, "result": "done"},
                {"asset": second.asset_id, "result": "not_done", "notes": "Locked."},
            ]
        }

        answer = api_for(technician).post(url, body, format="json")

        assert answer.status_code == 200, answer.data
        assert [row["asset"] for row in answer.data["records"]] == [order.asset_id]


@given(total=st.decimals(0, 10**9, places=2), among=st.integers(1, 500))
def test_shares_add_up_to_the_cent_and_differ_by_one_at_most(total: Decimal, among: int) -> None:
    parts = shares(total, among)
    assert sum(parts) == total
    assert len(parts) == among
    assert max(parts) - min(parts) <= Decimal("0.01")


@given(total=st.integers(0, 10**9), among=st.integers(1, 500))
def test_minutes_add_up(total: int, among: int) -> None:
    assert sum(even(total, among)) == total


class TestWhatItNeeds:
    def test_a_signature_where_the_order_asks_for_one(
        self, plant: Organization, technician: Membership
    ) -> None:
        order = _order(plant, needs_signature=True)
        assert _refused(order, technician) == "signature_missing"

        signed = completion.sign(work_order=order, name=" A. Novak ", at=NOON)
        assert (signed.signed_by, signed.signed_at) == ("A. Novak", NOON)
        _complete(order, technician)

    def test_the_signature_may_come_with_the_report(
        self, plant: Organization, technician: Membership
    ) -> None:
        order = _order(plant, needs_signature=True)
        _complete(order, technician, signed_by="A. Novak")
        order.refresh_from_db()
        assert (order.signed_by, order.signed_at) == ("A. Novak", NOON)

    @pytest.mark.parametrize(
        ("kind", "criticality", "codes"),
        [
            ("corrective", 4, CODES),
            ("emergency", 5, CODES),
            ("corrective", 3, {}),
            ("preventive", 5, {}),
        ],
    )
    def test_failure_codes_after_a_failure_of_a_critical_asset(
        self,
        kind: str,
        criticality: int,
        codes: dict[str, str],
        plant: Organization,
        technician: Membership,
    ) -> None:
        order = _order(plant, maintenance_type=kind, asset__criticality=criticality)
        if codes:
            assert _refused(order, technician) == "failure_codes_missing"
            assert _refused(order, technician, failure_mode="noise") == "failure_codes_missing"

        record = _complete(order, technician, **codes)

        assert record.failure_mode == codes.get("failure_mode", "")

    def test_the_most_critical_asset_of_the_order_counts(
        self, plant: Organization, technician: Membership
    ) -> None:
        order = _order(plant, maintenance_type="corrective", asset__criticality=1)
        _serve(order, criticality=5)
        for line in order.lines.all():
            lines.decide(line=line, result=Result.DONE)

        assert _refused(order, technician) == "failure_codes_missing"

    def test_the_organization_can_do_without(
        self, plant: Organization, technician: Membership
    ) -> None:
        plant.failure_codes_from = 6
        plant.save()
        _complete(_order(plant, maintenance_type="emergency", asset__criticality=5), technician)

    def test_a_confirmed_recommendation_is_a_failure_and_learns_its_true_mode(
        self, plant: Organization, technician: Membership, planner: Membership
    ) -> None:
        advice = RecommendationFactory.create(
            asset__organization=plant, asset__criticality=5, failure_mode="bearing wear"
        )
        AnomalyFactory.create(asset=advice.asset, recommendation=advice)
        order = services.accept(recommendation=advice, by=planner.user, at=NOON, due_at=NOON + DAY)
        code = _refused(order, technician, verdict=Verdict.CONFIRMED)
        assert code == "failure_codes_missing"

        record = _complete(order, technician, verdict=Verdict.CONFIRMED, **CODES)

        advice.refresh_from_db()
        assert (advice.verdict, advice.found_failure_mode) == ("confirmed", "vibration")
        assert (record.verdict, record.failure_mode) == ("confirmed", "vibration")
        assert record.failure_cause == "operation"


class TestDowntime:
    def _ledger(self, asset: Any) -> list[tuple[str, Any, Any]]:
        rows = UptimeEvent.objects.filter(asset=asset).order_by("started_at")
        return list(rows.values_list("state", "started_at", "ended_at"))

    def test_typed_minutes_are_cut_out_of_what_the_ledger_says(
        self, plant: Organization, technician: Membership
    ) -> None:
        order = _order(plant)
        UptimeEventFactory.create(
            asset=order.asset,
            state="operating",
            cause="none",
            started_at=NOON - DAY,
            ended_at=None,
        )

        record = _complete(order, technician, downtime_minutes=45)

        begun = NOON - dt.timedelta(minutes=45)
        assert self._ledger(order.asset) == [
            ("operating", NOON - DAY, begun),
            ("down", begun, NOON),
            ("operating", NOON, None),
        ]
        assert record.downtime_minutes == 45
        assert Downtime.objects.get().event.cause == "planned"

    def test_what_the_ledger_has_goes_before_typed_minutes(
        self, plant: Organization, technician: Membership
    ) -> None:
        order = _order(plant)
        event = UptimeEventFactory.create(
            asset=order.asset, started_at=NOON - 2 * HOUR, ended_at=None
        )

        record = _complete(order, technician, downtime_minutes=45)

        assert Downtime.objects.get().event == event
        assert record.downtime_minutes == 120
        assert UptimeEvent.objects.count() == 1

    def test_linked_downtime_is_the_only_truth(
        self, plant: Organization, technician: Membership
    ) -> None:
        order = _order(plant)
        for begin, end in ((-9, -8), (-5, -3)):
            downtimes.link(
                work_order=order,
                event=UptimeEventFactory.create(
                    asset=order.asset, started_at=NOON + begin * HOUR, ended_at=NOON + end * HOUR
                ),
            )

        record = _complete(order, technician, downtime_minutes=10)

        assert record.downtime_minutes == 180
        assert UptimeEvent.objects.count() == 2

    def test_entered_downtime_that_the_ledger_has_is_refused_in_words(
        self, plant: Organization, technician: Membership
    ) -> None:
        order = _order(plant, maintenance_type="emergency")
        UptimeEventFactory.create(asset=order.asset)
        span: dict[str, Any] = {"started_at": NOON - 2 * HOUR, "ended_at": NOON + HOUR}

        with pytest.raises(ValidationError, match="has the asset down from"):
            downtimes.enter(work_order=order, asset=order.asset, at=NOON + DAY, **span)
        with pytest.raises(ValidationError, match="not come yet"):
            downtimes.enter(work_order=order, asset=order.asset, at=NOON, **span)
        made = downtimes.enter(
            work_order=order,
            asset=order.asset,
            started_at=NOON,
            ended_at=NOON + HOUR,
            at=NOON + DAY,
        )
        assert made.event.cause == "failure"

    def test_only_downtime_of_its_own_assets_is_linked(self, plant: Organization) -> None:
        order = _order(plant)
        with pytest.raises(ValidationError, match="of an asset that the order has not"):
            downtimes.link(
                work_order=order, event=UptimeEventFactory.create(asset__organization=plant)
            )
        running = UptimeEventFactory.create(asset=order.asset, state="operating")
        with pytest.raises(ValidationError, match="and not down"):
            downtimes.link(work_order=order, event=running)

    def test_what_is_offered_is_near_and_not_linked(self, plant: Organization) -> None:
        order = _order(plant, created_at=NOON - DAY)
        near = UptimeEventFactory.create(asset=order.asset)
        UptimeEventFactory.create(
            asset=order.asset, started_at=NOON - 30 * DAY, ended_at=NOON - 29 * DAY
        )

        assert list(downtimes.offered(work_order=order, at=NOON)) == [near]
        downtimes.link(work_order=order, event=near)
        assert not downtimes.offered(work_order=order, at=NOON).exists()

    def test_the_api_enters_and_links(
        self, plant: Organization, technician: Membership, api_for: ApiFor
    ) -> None:
        order, api = _order(plant), api_for(technician)
        event = UptimeEventFactory.create(asset=order.asset)
        url = "/api/maintenance/downtimes/"

        linked = api.post(url, {"work_order": order.pk, "event": event.pk})
        empty = api.post(url, {"work_order": order.pk})
        taken = api.post(
            url,
            {
                "work_order": order.pk,
                "asset": order.asset_id,
                "started_at": (NOON - HOUR).isoformat(),
                "ended_at": (NOON + HOUR).isoformat(),
            },
        )

        assert linked.status_code == 201, linked.data
        assert linked.data["asset"] == order.asset_id
        assert {item["pointer"] for item in empty.data["errors"]} == {
            "/asset",
            "/started_at",
            "/ended_at",
        }
        assert taken.status_code == 400
        assert "Choose that one" in taken.data["errors"][0]["detail"]
        assert api.delete(f"{url}{linked.data['id']}/").status_code == 204


# Whatever fails after the first step: nothing of the completion remains.
STEPS = [
    "maintenance.services.completion.course.record",
    "maintenance.services.completion.course.stop_timers",
    "maintenance.services.completion.labor.log",
    "maintenance.services.completion.downtimes.before_completion",
    "maintenance.services.history.costs.cost_of",
    "maintenance.services.history.store.used",
    "maintenance.services.history.checklists.readings_of",
    "maintenance.services.history.downtimes.minutes_by_asset",
    "maintenance.services.completion.write_history",
    "maintenance.services.completion.move_on",
    "maintenance.services.completion.verdicts.close",
    "maintenance.services.completion.publish",
    "maintenance.services.completion.tell_planners",
]


@pytest.mark.parametrize("step", STEPS)
def test_nothing_remains_when_a_step_fails(
    step: str,
    plant: Organization,
    technician: Membership,
    planner: Membership,
    mechanic: Technician,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    WebhookFactory.create(organization=plant)
    schedule = ScheduleFactory.create(asset__organization=plant)
    advice = RecommendationFactory.create(asset=schedule.asset)
    order = _order(
        plant,
        asset=schedule.asset,
        schedule=schedule,
        occurrence_at=NOON,
        recommendation=advice,
    )
    LaborEntryFactory.create(
        work_order=order, asset=order.asset, minutes=None, started_at=NOON - HOUR
    )
    before = _everything(order)

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError(step)

    monkeypatch.setattr(step, fail)
    with pytest.raises(RuntimeError, match=step):
        _complete(order, technician, labor_minutes=30, downtime_minutes=20, signed_by="A. Novak")

    assert _everything(order) == before


def _everything(order: WorkOrder) -> dict[str, Any]:
    """All that a completion writes to."""
    order = WorkOrder.objects.get(pk=order.pk)
    values = {
        field.attname: getattr(order, field.attname) for field in WorkOrder._meta.concrete_fields
    }
    asset, schedule, advice = order.asset, order.schedule, order.recommendation
    assert schedule is not None
    assert advice is not None
    return {
        "order": values,
        "asset": (asset.last_maintenance_at, asset.next_due_at),
        "schedule": (schedule.next_due_at, schedule.last_completed_at),
        "advice": (advice.status, advice.verdict),
        "lines": list(order.lines.values("result", "notes")),
        "labor": list(LaborEntry.objects.values("minutes")),
        "rows": [
            kind.objects.count()
            for kind in (MaintenanceRecord, Downtime, UptimeEvent, Notification, WebhookEvent)
        ],
        "course": order.transitions.count(),
    }
