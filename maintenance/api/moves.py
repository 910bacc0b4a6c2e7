"""What can become of a work order: every move of the table, asked for by its name or its status."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from assets.models import Asset
from maintenance.api.people import WITHOUT_DATE
from maintenance.api.refusals import in_words
from maintenance.api.serializers import WorkOrderDetailSerializer, WorkOrderSerializer
from maintenance.models import MaintenanceType, WorkOrder
from maintenance.services import completion, course, links, moments, transitions
from maintenance.workflow import BY_NAME
from opssight.accounts.permissions import Permission
from opssight.core.api.fields import CharField, UtcDateTimeField
from opssight.core.api.serializers import TenantRelatedField
from opssight.core.api.viewsets import TenantViewSet

PLAN, EXECUTE = (Permission.WORK_ORDER_PLAN,), (Permission.WORK_ORDER_EXECUTE,)
EITHER = (*PLAN, *EXECUTE)
MOVE_PERMISSIONS = {
    "move": EITHER,
    "sign": EXECUTE,
    "follow_up": PLAN,
    **{name: (Permission(move.permission),) for name, move in BY_NAME.items()},
}
ANOTHER = "Nothing was changed: as the order stands, that is the action {}."
HAPPENED_AT = (
    "When it was done, if not now: such as without a connection. Not before the order came to the"
    " status that it has, and at most 14 days ago."
)
NEEDED = "Refused (409) with every reason when something is missing; see `transitions`."


class MomentSerializer(serializers.Serializer[None]):
    happened_at = UtcDateTimeField(required=False, help_text=HAPPENED_AT)


class NoteSerializer(MomentSerializer):
    note = CharField(required=False, default="", allow_blank=True, max_length=300)


class ReasonSerializer(MomentSerializer):
    note = CharField(max_length=300, help_text="What it waits for, such as a part or a permit.")


class MoveSerializer(NoteSerializer):
    to = serializers.ChoiceField(choices=WorkOrder.Status.choices)


class SignSerializer(serializers.Serializer[None]):
    name = CharField(max_length=200, help_text="Of whoever accepts the work.")


class FollowUpSerializer(serializers.Serializer[None]):
    due_at = UtcDateTimeField(required=False, help_text=WITHOUT_DATE)
    title = CharField(required=False, default="", allow_blank=True, max_length=200)
    description = CharField(required=False, default="", allow_blank=True)
    asset = TenantRelatedField(
        queryset=Asset.objects.all(),
        required=False,
        help_text="One that the order serves, of which a defect is to be repaired.",
    )
    maintenance_type = serializers.ChoiceField(
        choices=MaintenanceType.choices,
        required=False,
        help_text="Left out: corrective for a defect, else that of the order.",
    )


class ReasonTextSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class PossibleMoveSerializer(serializers.Serializer[Any]):
    """One move that the order's status has."""

    name = serializers.CharField(source="move.name")
    label = serializers.CharField(source="move.label")  # type: ignore[assignment]
    to = serializers.CharField(source="move.to")
    permission = serializers.CharField(source="move.permission")
    does = serializers.CharField(source="move.does")
    permitted = serializers.BooleanField(help_text="Whether the caller's role may.")
    allowed = serializers.BooleanField(help_text="Permitted, and nothing is missing.")
    reasons = ReasonTextSerializer(many=True, help_text="What is missing.")


class Moves(TenantViewSet):
    """The actions of the work orders' viewset that change the status, or go on from it."""

    @extend_schema(
        summary="See what can become of a work order",
        description=(
            "Every move that its status has, whether the caller may make it, and what is missing"
            " for it. What is given together with a move (a reason, a report) counts as missing"
            " only where a signature or failure codes are needed."
        ),
        request=None,
        responses=PossibleMoveSerializer(many=True),
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def transitions(self, request: Request, pk: str | None = None) -> Response:
        found = transitions.possible(
            work_order=self.get_object(), user=self.user, at=timezone.now()
        )
        rows: Any = [
            {**item._asdict(), "allowed": item.allowed, "move": item.move} for item in found
        ]
        return Response(PossibleMoveSerializer(rows, many=True).data)

    @extend_schema(
        summary="Move a work order to a status",
        description=f"By the table of transitions. {NEEDED} `completed` completes it, with the"
        " note as what was done.",
        request=MoveSerializer,
        responses=WorkOrderDetailSerializer,
        examples=[
            OpenApiExample(
                "Wait for a part",
                value={"to": "waiting", "note": "Mechanical seal, on Thursday"},
                request_only=True,
            )
        ],
    )
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str | None = None) -> Response:
        work_order: WorkOrder = self.get_object()
        body = MoveSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        self.make_move(work_order, given["to"], given["note"], said=given.get("happened_at"))
        return self.answer()

    @extend_schema(
        summary="Approve a draft",
        description=BY_NAME["approve"].does,
        request=NoteSerializer,
        responses=WorkOrderDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str | None = None) -> Response:
        return self._named(request, "approve")

    @extend_schema(
        summary="Schedule a work order",
        description=f"{BY_NAME['schedule'].does} {NEEDED}",
        request=NoteSerializer,
        responses=WorkOrderDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def schedule(self, request: Request, pk: str | None = None) -> Response:
        return self._named(request, "schedule")

    @extend_schema(
        summary="Take a work order out of the plan",
        description=f"{BY_NAME['unschedule'].does} {NEEDED}",
        request=NoteSerializer,
        responses=WorkOrderDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def unschedule(self, request: Request, pk: str | None = None) -> Response:
        return self._named(request, "unschedule")

    @extend_schema(
        summary="Start a work order",
        description=f"{BY_NAME['start'].does} {NEEDED}",
        request=NoteSerializer,
        responses=WorkOrderDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: str | None = None) -> Response:
        return self._named(request, "start")

    @extend_schema(
        summary="Let a work order wait",
        description=f"{BY_NAME['wait'].does} {NEEDED}",
        request=ReasonSerializer,
        responses=WorkOrderDetailSerializer,
        examples=[
            OpenApiExample("For a permit", value={"note": "Hot work permit"}, request_only=True)
        ],
    )
    @action(detail=True, methods=["post"])
    def wait(self, request: Request, pk: str | None = None) -> Response:
        return self._named(request, "wait", ReasonSerializer)

    @extend_schema(
        summary="Resume a work order that waits",
        description=f"{BY_NAME['resume'].does} {NEEDED}",
        request=NoteSerializer,
        responses=WorkOrderDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str | None = None) -> Response:
        return self._named(request, "resume")

    @extend_schema(
        summary="Close a completed work order",
        description=BY_NAME["close"].does,
        request=NoteSerializer,
        responses=WorkOrderDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str | None = None) -> Response:
        return self._named(request, "close")

    @extend_schema(
        summary="Cancel a work order that was not started",
        description=f"{BY_NAME['cancel'].does} {NEEDED}",
        request=NoteSerializer,
        responses=WorkOrderDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str | None = None) -> Response:
        return self._named(request, "cancel")

    @extend_schema(
        summary="Sign a work order",
        description="Keeps the name of whoever accepts the work, and the time. Needed before"
        " completion where `needs_signature` is true.",
        request=SignSerializer,
        responses=WorkOrderDetailSerializer,
        examples=[OpenApiExample("Accepted", value={"name": "A. Novak"}, request_only=True)],
    )
    @action(detail=True, methods=["post"])
    def sign(self, request: Request, pk: str | None = None) -> Response:
        work_order: WorkOrder = self.get_object()
        body = SignSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        with in_words():
            completion.sign(work_order=work_order, at=timezone.now(), **body.validated_data)
        return self.answer()

    @extend_schema(
        summary="Follow up on a work order",
        description="Makes a new order that goes on with this one, by the same job plan. An order"
        " is never reopened. With `asset`, a corrective one for a defect that was found there.",
        request=FollowUpSerializer,
        responses={201: WorkOrderSerializer},
        examples=[
            OpenApiExample(
                "Repair a defect",
                value={"asset": 1, "title": "Replace the seal", "due_at": "2026-03-10T15:00:00Z"},
                request_only=True,
            )
        ],
    )
    @action(detail=True, methods=["post"], url_path="follow-up")
    def follow_up(self, request: Request, pk: str | None = None) -> Response:
        work_order: WorkOrder = self.get_object()
        context = {**self.get_serializer_context(), "organization_id": work_order.organization_id}
        body = FollowUpSerializer(data=request.data, context=context)
        body.is_valid(raise_exception=True)
        with in_words():
            made = links.follow_up(
                work_order=work_order, by=self.user, at=timezone.now(), **body.validated_data
            )
        answer = WorkOrderSerializer(made, context=context)
        return Response(answer.data, status=status.HTTP_201_CREATED)

    def make_move(
        self,
        work_order: WorkOrder,
        to: str,
        note: str = "",
        name: str = "",
        said: datetime | None = None,
    ) -> None:
        """Move the order as the caller, by the move of this name where one is asked for.

        said: when the caller says that it was done, where that is not now.

        Raises PermissionDenied, and 409 in words.
        """
        with in_words():
            step = course.move_of(work_order, to)
            if name not in ("", step.name):
                raise course.TransitionRefused("not_possible", ANOTHER.format(step.name))
            self.require(Permission(step.permission), work_order.organization_id)
            at = moments.happened(work_order=work_order, said=said, at=timezone.now())
            transitions.move(work_order=work_order, to=to, by=self.user, at=at, note=note)

    def answer(self) -> Response:
        """The work order as it is now."""
        row = WorkOrderDetailSerializer(self.get_object(), context=self.get_serializer_context())
        return Response(row.data)

    def _named(
        self, request: Request, name: str, kind: type[serializers.Serializer[Any]] = NoteSerializer
    ) -> Response:
        work_order: WorkOrder = self.get_object()
        body = kind(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        self.make_move(work_order, BY_NAME[name].to, given["note"], name, given.get("happened_at"))
        return self.answer()
