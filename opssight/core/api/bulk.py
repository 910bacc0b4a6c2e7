"""Many writes in one request, each done by the very code of the single call."""

import copy
from typing import Any

from django.db import transaction
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from opssight.core.api.behavior import ApiBehavior
from opssight.core.api.fields import BooleanField, CharField, IntegerField
from opssight.core.api.problems import as_api_exception, problem

MOST = 500
# What a single call would be: method and action.
OPERATIONS = {
    "create": ("post", "create"),
    "update": ("patch", "partial_update"),
    "delete": ("delete", "destroy"),
}


class Operation(serializers.Serializer[Any]):
    op = serializers.ChoiceField(
        choices=list(OPERATIONS), help_text="`update` changes the fields that are in `data`."
    )
    id = IntegerField(required=False, min_value=1, help_text="Of the row to update or delete.")
    if_match = CharField(
        required=False, help_text="ETag that the row must still have, as in If-Match."
    )
    data = serializers.DictField(  # type: ignore[assignment]
        required=False, help_text="Body of the single call, to create or update."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["op"] != "create" and "id" not in attrs:
            raise serializers.ValidationError({"id": "Say which row."}, code="id_missing")
        return attrs


class BulkRequest(serializers.Serializer[Any]):
    operations = serializers.ListField(
        child=Operation(),
        allow_empty=False,
        max_length=MOST,
        help_text=f"At most {MOST}, done in this order.",
    )
    atomic = BooleanField(
        default=False, help_text="All or nothing: one refusal undoes the others (422)."
    )


class OperationResult(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="Place in the request, from 0.")
    status = serializers.IntegerField(help_text="What the single call would have answered.")
    etag = serializers.CharField(required=False, help_text="Of the row, for `if_match`.")
    data = serializers.DictField(  # type: ignore[assignment]
        required=False, help_text="The row after the operation."
    )
    problem = serializers.DictField(required=False, help_text="Why it was refused.")


class BulkAnswer(serializers.Serializer[Any]):
    succeeded = serializers.IntegerField()
    failed = serializers.IntegerField()
    results = OperationResult(many=True)


class BulkRefused(exceptions.APIException):
    """All or nothing, and some were refused: `errors` points into the request."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = "Nothing was changed, because some operations were refused. See errors."
    default_code = "bulk_refused"

    def __init__(self, results: list[dict[str, Any]]) -> None:
        super().__init__()
        self.errors = [
            error
            for result in results
            if "problem" in result
            for error in _errors(result["index"], result["problem"])
        ]


class _Single(Request):
    """The request of the single call, with a body that is there already."""

    body_data: Any = None

    @property
    def data(self) -> Any:
        return self.body_data


class BulkMixin(GenericViewSet[Any]):
    """`bulk` of a viewset that writes."""

    @extend_schema(
        summary="Create, change and delete many rows",
        description=(
            f"Up to {MOST} operations, done in order. Each is checked and done like the single call"
            " and answered in `results`; a refused one leaves the others done, unless `atomic`."
        ),
        request=BulkRequest,
        responses={200: BulkAnswer},
        examples=[
            OpenApiExample(
                "One changed, one deleted",
                request_only=True,
                value={
                    "operations": [
                        {"op": "update", "id": 1, "data": {"name": "North plant"}},
                        {"op": "delete", "id": 2},
                    ],
                    "atomic": False,
                },
            ),
        ],
        filters=False,
    )
    @action(detail=False, methods=["post"], pagination_class=None, filter_backends=[])
    def bulk(self, request: Request) -> Response:
        body = BulkRequest(data=request.data)
        body.is_valid(raise_exception=True)
        operations: list[dict[str, Any]] = body.validated_data["operations"]
        results = [self._result(index, item) for index, item in enumerate(operations)]
        failed = sum("problem" in result for result in results)
        if failed and body.validated_data["atomic"]:
            raise BulkRefused(results)
        return Response({"succeeded": len(results) - failed, "failed": failed, "results": results})

    def _result(self, index: int, operation: dict[str, Any]) -> dict[str, Any]:
        method, name = OPERATIONS[operation["op"]]
        view = self._view_of(operation, method, name)
        try:
            with transaction.atomic():
                response = view.do_single(name)
        except Exception as error:
            refusal = as_api_exception(error, view)
            if not isinstance(refusal, exceptions.APIException):
                raise
            code = refusal.status_code
            text = problem(refusal, code, path=view.request.path)
            return {"index": index, "status": code, "problem": text}
        result = {"index": index, "status": response.status_code}
        if response.data is None:
            return result
        return result | {"etag": response["ETag"], "data": response.data}

    def do_single(self, name: str) -> Response:
        """Do what the single call does between signing in and answering."""
        assert isinstance(self, ApiBehavior)  # noqa: S101
        if not hasattr(self, name):
            raise exceptions.MethodNotAllowed(self.request.method or "")
        self.check_permissions(self.request)
        return self.finish(self.request, getattr(self, name)(self.request, **self.kwargs))

    def _view_of(self, operation: dict[str, Any], method: str, name: str) -> Any:
        view = type(self)()
        view.action, view.action_map = name, {method: name}
        view.basename, view.detail, view.format_kwarg = self.basename, name != "create", None
        view.args, view.kwargs = (), {} if name == "create" else {"pk": str(operation["id"])}
        view.request = self._request_of(operation, method)
        return view

    def _request_of(self, operation: dict[str, Any], method: str) -> _Single:
        assert isinstance(self, ApiBehavior)  # noqa: S101
        sent = copy.copy(self.sent)
        sent.method = method.upper()
        sent.GET = type(sent.GET)("")
        # `headers` is kept on the request once it was read.
        sent.__dict__.pop("headers", None)
        sent.META = {key: value for key, value in sent.META.items() if key != "HTTP_IF_MATCH"}
        if "if_match" in operation:
            sent.META["HTTP_IF_MATCH"] = operation["if_match"]
        collection = self.request.path.rstrip("/").removesuffix("/bulk")
        sent.path = sent.path_info = (
            f"{collection}/" if method == "post" else f"{collection}/{operation['id']}/"
        )
        single = _Single(sent)
        single.user, single.auth = self.request.user, self.request.auth
        single.version = self.request.version
        single.body_data = operation.get("data", {})
        return single


def _errors(index: int, refusal: dict[str, Any]) -> list[dict[str, str]]:
    place = f"/operations/{index}"
    inner = [
        {**error, "pointer": f"{place}/data{error['pointer']}"}
        for error in refusal.get("errors", [])
    ]
    return inner or [{"pointer": place, "code": refusal["code"], "detail": refusal["detail"]}]
