"""The checklists of work orders: their tasks, and the answers to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError as Refused
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from maintenance.api.order_tasks import (
    WorkOrderTaskFilter,
    WorkOrderTaskSerializer,
    WritesTasks,
)
from maintenance.models import LONGEST_NOTES, Attachment, WorkOrderTask
from maintenance.services import answers
from maintenance.services.judging import Answer
from opssight.accounts.permissions import Permission
from opssight.core.api.fields import (
    CharField,
    FloatField,
    IntegerField,
    UtcDateTimeField,
)
from opssight.core.api.paging import Cursors
from opssight.core.api.problems import Conflict
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantRelatedField

MOST_ANSWERS = 500
READING = OpenApiExample(
    "A reading taken offline",
    value={"number": 4.2, "answer": "Drive end.", "answered_at": "2026-03-04T09:12:00Z"},
    request_only=True,
)
FAILED = OpenApiExample(
    "Failed", value={"outcome": "failed", "answer": "Two bolts are missing."}, request_only=True
)
WHOLE = OpenApiExample(
    "A whole checklist",
    value={
        "answers": [
            {"task": 1, "outcome": "passed"},
            {"task": 2, "number": 4.2, "answered_at": "2026-03-04T09:12:00Z"},
        ]
    },
    request_only=True,
)


class KnownSerializer(serializers.Serializer[Any]):
    """The answer as it was read: what the new one is a change of."""

    outcome = serializers.ChoiceField(choices=WorkOrderTask.Outcome.choices)
    number = FloatField(allow_null=True)
    answer = CharField(allow_blank=True, max_length=LONGEST_NOTES)
    photo = IntegerField(allow_null=True, min_value=1, help_text="Id of the attachment.")


class AnswerSerializer(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField(
        choices=WorkOrderTask.Outcome.choices,
        required=False,
        help_text="`passed` or `failed` of a check and of pass or fail; `failed` with `answer` of"
        " another kind that could not be done; `open` takes the answer back. Of a number and a"
        " reading it follows from the limits.",
    )
    number = FloatField(
        required=False, allow_null=True, help_text="Of a number or a reading, in its unit."
    )
    answer = CharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_NOTES,
        help_text="Of a text; of any other kind a note.",
    )
    photo = TenantRelatedField(
        queryset=Attachment.objects.all(),
        required=False,
        allow_null=True,
        help_text="Id of an attachment of the order.",
    )
    answered_at = UtcDateTimeField(
        required=False,
        allow_null=True,
        help_text="When it was found, if not now: such as without a connection.",
    )
    known = KnownSerializer(
        required=False,
        help_text="What stood there when this was answered. What somebody else changed since is"
        " merged: outcome with number, words, photo. Changed by both: 409.",
    )

    def given(self) -> Answer:
        return given_of(self.validated_data)


def given_of(values: dict[str, Any]) -> Answer:
    known = values.get("known")
    return Answer(
        outcome=values.get("outcome", ""),
        number=values.get("number"),
        answer=values.get("answer", ""),
        photo=values.get("photo"),
        answered_at=values.get("answered_at"),
        known=known and (known["outcome"], known["number"], known["answer"], known["photo"]),
    )


class AnswerOfTaskSerializer(AnswerSerializer):
    task = IntegerField(min_value=1, help_text="Id of the task.")


class AnswersSerializer(serializers.Serializer[Any]):
    answers = serializers.ListField(
        child=AnswerOfTaskSerializer(),
        allow_empty=False,
        max_length=MOST_ANSWERS,
        help_text="Each task at most once.",
    )


class AnsweredSerializer(serializers.Serializer[Any]):
    results = WorkOrderTaskSerializer(
        many=True, help_text="The tasks, in the order of the answers."
    )


@extend_schema_view(**describe("task of a checklist", "tasks of checklists", crud=True))
class WorkOrderTaskViewSet(WritesTasks):
    """What the checklists of work orders ask for. They are answered while the work is going on."""

    queryset = WorkOrderTask.objects.select_related(
        "work_order__technician", "asset", "answered_by", "added_by", "corrective"
    ).order_by("-work_order_id", "line_id", "position", "pk")
    serializer_class = WorkOrderTaskSerializer
    pagination_class = Cursors
    write_permissions = WritesTasks.write_permissions | dict.fromkeys(
        ("answer", "answers"), (Permission.WORK_ORDER_EXECUTE,)
    )
    rate_classes = {"answers": "bulk"}
    filterset_class = WorkOrderTaskFilter
    search_fields = ["text", "work_order__number", "asset__tag"]
    ordering_fields = ["position", "answered_at", "outcome"]

    @extend_schema(
        summary="Answer a task",
        description=(
            "Sent twice, it counts once: a device without a connection can send it until it is"
            " answered. A reading is written to the sensor of the asset with the time of the"
            " answer; another number with the same `answered_at` corrects it. The first failure of"
            " a task with `opens_corrective` opens one corrective work order, which stays when the"
            " answer is changed. An answer older than the one there is gets 409."
        ),
        request=AnswerSerializer,
        responses=WorkOrderTaskSerializer,
        examples=[READING, FAILED],
    )
    @action(detail=True, methods=["put"])
    def answer(self, request: Request, pk: str | None = None) -> Response:
        task: WorkOrderTask = self.get_object()
        context = {**self.get_serializer_context(), "organization_id": task.organization_id}
        body = AnswerSerializer(data=request.data, context=context)
        body.is_valid(raise_exception=True)
        with _conflicts():
            answers.answer(task=task, given=body.given(), by=self.user, at=timezone.now())
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        summary="Answer many tasks",
        description="All or none, each as the single call does it: a whole checklist, for example.",
        request=AnswersSerializer,
        responses=AnsweredSerializer,
        examples=[WHOLE],
        filters=False,
    )
    @action(detail=False, methods=["post"], pagination_class=None, filter_backends=[])
    def answers(self, request: Request) -> Response:
        body = AnswersSerializer(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        rows: list[dict[str, Any]] = body.validated_data["answers"]
        self._check(rows)
        given = {row["task"]: given_of(row) for row in rows}
        try:
            with _conflicts():
                answers.answer_all(answers=given, by=self.user, at=timezone.now())
        except answers.AnswersRefused as refused:
            places = {row["task"]: index for index, row in enumerate(rows)}
            wrong: dict[Any, Any] = {
                places[pk]: _by_field(error) for pk, error in refused.errors.items()
            }
            raise ValidationError({"answers": wrong}) from refused
        found = self.get_queryset().in_bulk(list(given))
        results = self.get_serializer([found[pk] for pk in given], many=True)
        return Response({"results": results.data})

    def _check(self, rows: list[dict[str, Any]]) -> None:
        """Every task is there, once, and the caller may answer it."""
        found = dict(
            self.get_queryset()
            .filter(pk__in=[row["task"] for row in rows])
            .order_by()
            .values_list("pk", "organization")
        )
        seen: set[int] = set()
        errors: dict[Any, Any] = {}
        for index, row in enumerate(rows):
            pk = row["task"]
            if pk not in found:
                text = f"Id {pk} does not exist in your organization."
                errors[index] = {"task": [ErrorDetail(text, "does_not_exist")]}
            elif pk in seen:
                text = "This task is answered before in the same list. Send its last answer."
                errors[index] = {"task": [ErrorDetail(text, "rule")]}
            seen.add(pk)
        if errors:
            raise ValidationError({"answers": errors})
        for organization in set(found.values()):
            self.require(Permission.WORK_ORDER_EXECUTE, organization)


@contextmanager
def _conflicts() -> Iterator[None]:
    """Answer 409 where the state of the order or of the answer does not allow it."""
    try:
        yield
    except (answers.ChecklistClosed, answers.AnsweredSince) as error:
        raise Conflict(str(error)) from error


def _by_field(error: Refused) -> dict[str, list[ErrorDetail]]:
    return {
        field: [ErrorDetail(message, "rule") for message in messages]
        for field, messages in error.message_dict.items()
    }
