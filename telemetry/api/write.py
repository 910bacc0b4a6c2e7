"""`POST /api/v2/write` as InfluxDB 2 has it, for senders that speak line protocol."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ParseError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from assets.services.readings import microseconds
from telemetry.api.bodies import body_of
from telemetry.api.intake import IntakeView
from telemetry.formats.line_protocol import PRECISIONS, chunks, parse
from telemetry.models import Way
from telemetry.services import pressure
from telemetry.services.portions import Outcome, take_portions

LINES_IN_A_MESSAGE = 20
# The codes of InfluxDB by status.
CODES = {
    400: "invalid",
    401: "unauthorized",
    403: "forbidden",
    404: "not found",
    405: "method not allowed",
    406: "not acceptable",
    411: "invalid",
    409: "conflict",
    413: "request too large",
    415: "unsupported media type",
    422: "unprocessable entity",
    429: "too many requests",
    503: "unavailable",
}


class RefusedLine(serializers.Serializer[Any]):
    line = serializers.IntegerField(help_text="Number of the line, from 1.")
    reason = serializers.CharField()


class InfluxError(serializers.Serializer[Any]):
    """An error as InfluxDB says it."""

    code = serializers.ChoiceField(choices=sorted(set(CODES.values())))
    message = serializers.CharField(help_text="What was wrong, and what to do.")
    line = serializers.IntegerField(required=False, help_text="The first line that was refused.")
    lines = RefusedLine(many=True, required=False, help_text="Those refused, at most 1,000.")


PARTIAL = {
    "code": "invalid",
    "message": "partial write: 1 of 2 readings was refused, the others are stored."
    " line 2: 'warm' is not a number.",
    "line": 2,
    "lines": [{"line": 2, "reason": "'warm' is not a number."}],
}


class Write(IntakeView):
    """Line protocol, as InfluxDB 2 takes it: for Telegraf, Node-RED and the clients of InfluxDB."""

    @extend_schema(
        summary="Write line protocol",
        description=(
            "As `/api/v2/write` of InfluxDB 2, with its codes and errors. A field of a line goes by"
            " the name `measurement,tag=value#field`, its tags in order. Numbers and true and false"
            " are taken, text is refused. Lines that follow the rules are stored, also where others"
            " are refused (400 with `lines`). 204 says that all are stored or held until somebody"
            " says which sensor they are of. `Content-Encoding: gzip` is understood.\n\n"
            "Needs `readings.write` (Send readings)."
        ),
        parameters=[
            OpenApiParameter(
                "org", str, description="Slug, name or id of the token's organization."
            ),
            OpenApiParameter("orgID", str, description="The same, where `org` is missing."),
            OpenApiParameter("bucket", str, description="Anything: there are no buckets."),
            OpenApiParameter(
                "precision", str, enum=list(PRECISIONS), description="Of the times; default: ns."
            ),
        ],
        request={"text/plain": {"type": "string", "description": "One line for each point."}},
        responses={
            204: None,
            **{
                code: OpenApiResponse(InfluxError, description=text)
                for code, text in {
                    400: "Lines were refused, or nothing could be read.",
                    401: "The token is missing, wrong, expired or revoked.",
                    403: "The token may not send readings.",
                    404: "The token is of another organization.",
                    406: "Ask for application/json.",
                    409: "The first request with this Idempotency-Key is not answered yet.",
                    411: "Send the body with its Content-Length.",
                    413: "The body is too large, packed or not.",
                    415: "The body is neither plain nor gzip.",
                    422: "The Idempotency-Key was sent before with another body.",
                    429: "Too many requests: wait for Retry-After.",
                    503: "The database is behind: wait for Retry-After.",
                }.items()
            },
        },
        examples=[
            OpenApiExample(
                "Two readings of a pump",
                request_only=True,
                media_type="text/plain",
                value="pump,asset=P-101A vibration=2.8,temperature=61.5 1772366400000000000",
            ),
            OpenApiExample(
                "Partial write", response_only=True, value=PARTIAL, status_codes=["400"]
            ),
            *[
                OpenApiExample(
                    f"Status {code}",
                    response_only=True,
                    value={"code": CODES[code], "message": message},
                    status_codes=[str(code)],
                )
                for code, message in {
                    401: "This token does not work: it is wrong, expired or revoked.",
                    403: "Your role may not do this. Ask an admin of your organization.",
                    404: "You write to no organization 'other'.",
                    406: "Could not satisfy the request Accept header.",
                    409: "The first request with this Idempotency-Key is not answered yet.",
                    411: "Send the body in one piece, with its Content-Length.",
                    413: "The body has more than 26,214,400 bytes. Send less at once.",
                    415: "Send the body as it is, or gzipped.",
                    422: "This Idempotency-Key was sent before with another body.",
                    429: "Request was throttled. Expected available in 3 seconds.",
                    503: "The database does not keep up. Send the same again.",
                }.items()
            ],
        ],
    )
    def post(self, request: Request) -> Response:
        """Store what the lines say."""
        precision = request.query_params.get("precision") or "ns"
        if precision not in PRECISIONS:
            raise ParseError("invalid precision; valid precision units are ns, us, ms, and s")
        wanted = request.query_params.get("org") or request.query_params.get("orgID")
        organization = self.organization_of(request, wanted)
        packed = body_of(self.sent)
        at = timezone.now()
        now = int(microseconds([at])[0])
        with pressure.slot():
            outcome = take_portions(
                organization_id=organization.pk,
                way=Way.LINE_PROTOCOL,
                portions=(
                    parse(lines, precision=precision, at=now, first=first)
                    for first, lines in chunks(packed)
                ),
                by=self.sender,
                at=at,
            )
        if outcome.refused:
            return Response(_refusal(outcome), status=status.HTTP_400_BAD_REQUEST)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def handle_exception(self, error: Exception) -> Response:
        """What InfluxDB would answer."""
        response = super().handle_exception(error)
        code = CODES.get(response.status_code, "invalid")
        response.data = {"code": code, "message": response.data["detail"]}
        response.content_type = None
        self.request.accepted_renderer = JSONRenderer()
        self.request.accepted_media_type = JSONRenderer.media_type
        return response


def _refusal(outcome: Outcome) -> dict[str, Any]:
    lines = [{"line": item.place, "reason": item.reason} for item in outcome.refusals]
    told = " ".join(
        f"line {item.place}: {item.reason}" for item in outcome.refusals[:LINES_IN_A_MESSAGE]
    )
    more = outcome.refused - LINES_IN_A_MESSAGE
    rest = f" And {more:,} more." if more > 0 else ""
    count = outcome.accepted + outcome.refused
    were = "was" if outcome.refused == 1 else "were"
    kept = ", the others are stored" if outcome.accepted else ""
    return {
        "code": CODES[400],
        "message": f"partial write: {outcome.refused:,} of {count:,} readings {were}"
        f" refused{kept}. {told}{rest}",
        "line": lines[0]["line"],
        "lines": lines,
    }


@csrf_exempt
@require_safe
def ping(request: HttpRequest) -> HttpResponse:
    """`/ping`, by which clients of InfluxDB ask whether somebody is there, and which version."""
    response = HttpResponse(status=204)
    response["X-Influxdb-Version"] = "v2.7 (OpsSight)"
    return response
