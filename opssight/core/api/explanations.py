"""What a problem's code means: the page that the `type` of each problem document names."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from opssight.core.api.behavior import ApiBehavior
from opssight.core.api.codes import CODES


class ProblemCode(serializers.Serializer[Any]):
    code = serializers.CharField()
    status = serializers.IntegerField()
    title = serializers.CharField()
    text = serializers.CharField(help_text="What it means, and what to do.")


class Explanations(ApiBehavior):
    """The codes of problem documents. They stay as they are: programs may compare them."""

    permission_classes = [AllowAny]

    @extend_schema(summary="List the codes of problems", responses=ProblemCode(many=True))
    def get(self, request: Request) -> Response:
        return Response([_explained(code) for code in CODES])


class Explanation(ApiBehavior):
    """The codes of problem documents. They stay as they are: programs may compare them."""

    permission_classes = [AllowAny]

    @extend_schema(summary="Read what a code of a problem means", responses=ProblemCode)
    def get(self, request: Request, code: str) -> Response:
        if code not in CODES:
            raise Http404
        return Response(_explained(code))


def _explained(code: str) -> dict[str, Any]:
    return {"code": code, **CODES[code]._asdict()}
