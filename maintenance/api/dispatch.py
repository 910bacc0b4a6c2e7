"""Work given to people, many orders at once: proposed, assigned and moved in time."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from maintenance.api.dispatch_rows import (
    AssignSerializer,
    CandidateSerializer,
    DispatchAnswer,
    OrdersSerializer,
    ProposalsSerializer,
    RescheduleSerializer,
)
from maintenance.models import Technician, WorkOrder
from maintenance.queries import suggestions
from maintenance.queries.suggestions import Candidate, Proposal
from maintenance.services import dispatch
from maintenance.services.dispatch import Assignment, Outcome
from opssight.accounts.permissions import Permission
from opssight.core.api.viewsets import TenantViewSet

PLAN = (Permission.WORK_ORDER_PLAN,)
DISPATCH_PERMISSIONS = {"assign": PLAN, "reschedule": PLAN, "suggest": PLAN, "candidates": PLAN}
UNKNOWN = "Id {} does not exist in your organization."
EACH = (
    f"At most {dispatch.MOST} orders. Each is done or refused for itself, with the reason in"
    " `results`; a refused one does not stop the others. Each technician is told once."
)


class DispatchMixin(TenantViewSet):
    """`candidates`, `suggest`, `assign` and `reschedule` of work orders."""

    @extend_schema(
        summary="See who could do a work order",
        description=(
            "The active technicians, the best first, each with the reasons: skills, free time"
            " before the due date, knowledge of the asset, load. Those who do not fit come last and"
            " say why. Empty once the order is not open. Nobody is assigned."
        ),
        responses=CandidateSerializer(many=True),
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def candidates(self, request: Request, pk: str | None = None) -> Response:
        row: WorkOrder = self.get_object()
        self.require(Permission.WORK_ORDER_PLAN, row.organization_id)
        found = suggestions.candidates(work_order=row, at=timezone.now()) if row.is_open else []
        return Response(CandidateSerializer([_candidate(one) for one in found], many=True).data)

    @extend_schema(
        summary="Propose technicians and times for work orders",
        description=(
            "The most urgent order chooses first, and what it takes is booked for the next."
            " Nothing is changed: look at it, and send what you accept to `assign`."
        ),
        request=OrdersSerializer,
        responses=ProposalsSerializer,
        examples=[OpenApiExample("Two orders", request_only=True, value={"work_orders": [12, 15]})],
        filters=False,
    )
    @action(detail=False, methods=["post"], pagination_class=None, filter_backends=[])
    def suggest(self, request: Request) -> Response:
        body = OrdersSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        ids = body.validated_data["work_orders"]
        orders = self._plannable(ids)
        open_ones = [row for row in orders.values() if not suggestions.why_not(row)]
        found = suggestions.proposals(orders=open_ones, at=timezone.now())
        by_pk = {one.order.pk: one for one in found}
        rows = [_proposed(pk, orders.get(pk), by_pk.get(pk)) for pk in ids]
        return Response(ProposalsSerializer({"assignments": rows}).data)

    @extend_schema(
        summary="Assign work orders to technicians",
        description=(
            f"{EACH} An approved order becomes scheduled; one that is given to nobody is approved"
            " again."
        ),
        request=AssignSerializer,
        responses=DispatchAnswer,
        examples=[
            OpenApiExample(
                "One planned, one given back",
                request_only=True,
                value={
                    "assignments": [
                        {
                            "work_order": 12,
                            "technician": 3,
                            "planned_start": "2026-03-10T07:00:00Z",
                        },
                        {"work_order": 15, "technician": None},
                    ]
                },
            )
        ],
        filters=False,
    )
    @action(detail=False, methods=["post"], pagination_class=None, filter_backends=[])
    def assign(self, request: Request) -> Response:
        body = AssignSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        rows = body.validated_data["assignments"]
        orders = self._plannable([row["work_order"] for row in rows])
        people = self._technicians(row["technician"] for row in rows)
        wrong = {
            row["work_order"]: UNKNOWN.format(row["technician"])
            for row in rows
            if row["technician"] is not None and row["technician"] not in people
        }
        wanted = [
            Assignment(
                order=orders[row["work_order"]],
                technician=people.get(row["technician"]),
                planned_start=row.get("planned_start"),
                planned_end=row.get("planned_end"),
                state=row["state"],
            )
            for row in rows
            if row["work_order"] in orders and row["work_order"] not in wrong
        ]
        outcomes = dispatch.assign_each(assignments=wanted, by=self.user, at=timezone.now())
        return _answer([row["work_order"] for row in rows], outcomes, orders, wrong)

    @extend_schema(
        summary="Move work orders in time",
        description=f"{EACH} Of work that was begun only the due date moves.",
        request=RescheduleSerializer,
        responses=DispatchAnswer,
        examples=[
            OpenApiExample(
                "A week later",
                request_only=True,
                value={"work_orders": [12, 15], "shift_days": 7},
            )
        ],
        filters=False,
    )
    @action(detail=False, methods=["post"], pagination_class=None, filter_backends=[])
    def reschedule(self, request: Request) -> Response:
        body = RescheduleSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        values = dict(body.validated_data)
        ids = values.pop("work_orders")
        orders = self._plannable(ids)
        wanted = [orders[pk] for pk in ids if pk in orders]
        outcomes = dispatch.reschedule(orders=wanted, by=self.user, at=timezone.now(), **values)
        return _answer(ids, outcomes, orders, {})

    def _plannable(self, ids: Sequence[int]) -> dict[int, WorkOrder]:
        """Those of the orders that the caller may plan."""
        rows = WorkOrder.objects.for_user(self.user, Permission.WORK_ORDER_PLAN)
        found = rows.select_related("asset", "organization").filter(pk__in=ids)
        return {row.pk: row for row in found.order_by("pk")}

    def _technicians(self, ids: Iterable[int | None]) -> dict[int | None, Technician]:
        wanted = {pk for pk in ids if pk is not None}
        rows = Technician.objects.for_user(self.user).select_related("user")
        return {row.pk: row for row in rows.filter(pk__in=wanted).order_by("pk")}


def _proposed(pk: int, order: WorkOrder | None, proposal: Proposal | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "work_order": pk,
        "technician": None,
        "planned_start": None,
        "planned_end": None,
        "state": dispatch.state_of(order) if order else "",
        "reason": "",
        "candidates": [],
    }
    if order is None:
        return {**row, "reason": UNKNOWN.format(pk)}
    if proposal is None:
        return {**row, "reason": suggestions.why_not(order)}
    best = proposal.best
    start, end = best.first_free if best and best.first_free else (None, None)
    return {
        **row,
        "technician": best.technician.pk if best else None,
        "planned_start": start,
        "planned_end": end,
        "reason": "" if best else suggestions.NOBODY,
        "candidates": [_candidate(one) for one in proposal.candidates],
    }


def _candidate(one: Candidate) -> dict[str, Any]:
    start, end = one.first_free or (None, None)
    return {
        "technician": one.technician.pk,
        "name": str(one.technician),
        "score": one.score,
        "fits": one.fits,
        "in_time": one.in_time,
        "reasons": one.reasons,
        "first_free": start,
        "first_free_end": end,
        "load_minutes": one.load_minutes,
        "capacity_minutes": one.capacity_minutes,
    }


def _answer(
    ids: Sequence[int],
    outcomes: Sequence[Outcome],
    orders: dict[int, WorkOrder],
    wrong: dict[int, str],
) -> Response:
    """What came of each, in the order of the request; what is not known is refused in words."""
    by_pk = {one.order.pk: one for one in outcomes}
    results = []
    for pk in ids:
        outcome, order = by_pk.get(pk), orders.get(pk)
        if outcome is not None:
            order = outcome.order
        row: dict[str, Any] = {
            "work_order": pk,
            "done": outcome is not None and outcome.done,
            "reason": outcome.reason if outcome else UNKNOWN.format(pk),
            "clashes": outcome.clashes if outcome else [],
        }
        if order is not None:
            row |= {
                "reason": wrong.get(pk, row["reason"]),
                "number": order.number,
                "status": order.status,
                "technician": order.technician_id,
                "planned_start": order.planned_start,
                "planned_end": order.planned_end,
                "due_at": order.due_at,
            }
        results.append(row)
    done = sum(row["done"] for row in results)
    answer = {"succeeded": done, "failed": len(results) - done, "results": results}
    return Response(DispatchAnswer(answer).data)
