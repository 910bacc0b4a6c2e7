"""`POST /api/readings`: readings of many assets at once, as JSON, NDJSON or CSV."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from opssight.core.uploads import TooLarge
from telemetry.api.bodies import body_of, unpacked
from telemetry.api.intake import IntakeView
from telemetry.api.readings import AlignedReadings
from telemetry.formats.columns import Columns
from telemetry.formats.items import read_items, read_json_lines
from telemetry.formats.tables import NotATable, read_table
from telemetry.models import Way
from telemetry.services import pressure
from telemetry.services.portions import MOST_REFUSALS, Outcome, take_portions

LARGEST_BATCH = 10_000
FILE = "file"
_GZIP = b"\x1f\x8b"


class NoTable(APIException):
    """The header of a CSV table does not say what its columns are."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "no_table"


@dataclass(frozen=True, slots=True)
class Sent:
    """What a body holds: how it came, and its readings in portions."""

    way: Way
    portions: Iterator[Columns]


class _Parser(BaseParser, ABC):
    """Reads a body, gzipped or not, within bounds."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        request: Request = (parser_context or {})["request"]
        return self.sent(body_of(request._request, stream))  # noqa: SLF001 REST framework's way

    @abstractmethod
    def sent(self, body: bytes) -> Sent:
        """What the unpacked body holds."""


class JSONParser(_Parser):
    media_type = "application/json"

    def sent(self, body: bytes) -> Sent:
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge("The JSON is too large. Send less at once, or NDJSON or CSV.")
        try:
            document = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise ParseError("The body is no JSON, or it is nested too deeply.") from error
        items = document.get("readings") if isinstance(document, dict) else None
        if not isinstance(items, list):
            raise ValidationError({"readings": ["Send a list of readings."]})
        if len(items) > LARGEST_BATCH:
            text = f"There are {len(items):,} readings. Send at most {LARGEST_BATCH:,}."
            raise ValidationError({"readings": [text]})
        return Sent(Way.JSON, iter([read_items(items)]))


class NDJSONParser(_Parser):
    media_type = "application/x-ndjson"

    def sent(self, body: bytes) -> Sent:
        return Sent(Way.JSON, read_json_lines(body))


class CSVParser(_Parser):
    media_type = "text/csv"

    def sent(self, body: bytes) -> Sent:
        return Sent(Way.CSV, read_table(body))


class RefusedReading(serializers.Serializer[Any]):
    place = serializers.IntegerField(
        help_text="Index in `readings` from 0; of CSV and NDJSON the number of the line from 1."
    )
    name = serializers.CharField(allow_blank=True)
    reason = serializers.CharField()


class IntakeResult(serializers.Serializer[Any]):
    """What became of the readings that were sent."""

    accepted = serializers.IntegerField(help_text="Stored, held or dropped on purpose.")
    inserted = serializers.IntegerField(help_text="New ones.")
    updated = serializers.IntegerField(help_text="Ones whose stored value was corrected.")
    unchanged = serializers.IntegerField(help_text="Ones that were stored before.")
    held = serializers.IntegerField(help_text="Held until somebody says which sensor they are of.")
    dropped = serializers.IntegerField(help_text="Of names whose readings nobody wants.")
    refused = serializers.IntegerField()
    refusals = RefusedReading(many=True, help_text=f"The first {MOST_REFUSALS:,} refused.")


_JSON_BODY: dict[str, Any] = {
    "type": "object",
    "required": ["readings"],
    "properties": {
        "readings": {
            "type": "array",
            "maxItems": LARGEST_BATCH,
            "items": {
                "anyOf": [
                    {
                        "type": "object",
                        "description": "With `name`, or with `asset` and `sensor`.",
                        "required": ["time", "value"],
                        "properties": {
                            "name": {"type": "string", "description": "As the sender calls it."},
                            "asset": {"type": "string", "description": "The asset's tag."},
                            "sensor": {"type": "string", "description": "The sensor's key."},
                            "time": {
                                "type": ["string", "number"],
                                "description": "ISO 8601 with a time zone, or since 1970 in s, ms,"
                                " us or ns.",
                            },
                            "value": {"type": ["number", "boolean"]},
                            "unit": {
                                "type": "string",
                                "description": "Where it is not the sensor's: it is converted.",
                            },
                        },
                    },
                    {"description": "Anything else: it is listed as refused."},
                ]
            },
        }
    },
}
_TABLE = "time,asset,sensor,value\n2026-03-01T12:00:00Z,P-101A,temperature,61.5\n"
_REFUSED = "The name stands for no sensor that you may write to."


class Batches(AlignedReadings, IntakeView):
    """Readings of many assets in one request."""

    parser_classes = [JSONParser, NDJSONParser, CSVParser, MultiPartParser]

    @extend_schema(
        summary="Store readings of many assets",
        description=(
            f"A JSON list of at most {LARGEST_BATCH:,} readings, NDJSON (one object a line) or"
            " a CSV table, as the body or as `file` of a form, also gzipped. A table is long"
            " (`time`, `value` and `name`, or `asset` and `sensor`; perhaps `unit`) or wide"
            " (`time`, perhaps `asset`, and one column for each name).\n\n"
            "Those that follow the rules are stored, the others are listed with the reason: the"
            " answer is 200 in both cases, and what it counts is durable. Sent again, nothing is"
            " stored twice; a reading of a stored sensor and time corrects its value. A large body"
            " is stored portion by portion, with an Idempotency-Key as a whole.\n\n"
            "Needs `readings.write` (Send readings)."
        ),
        parameters=[
            OpenApiParameter(
                "organization", str, description="Slug, name or id; needed by members of several."
            )
        ],
        request={
            "application/json": _JSON_BODY,
            "application/x-ndjson": {"type": "string"},
            "text/csv": {"type": "string"},
            "multipart/form-data": {
                "type": "object",
                "required": [FILE],
                "properties": {FILE: {"type": "string", "format": "binary"}},
            },
        },
        responses={200: IntakeResult},
        examples=[
            OpenApiExample(
                "Of two assets",
                request_only=True,
                media_type="application/json",
                value={
                    "readings": [
                        {
                            "asset": "P-101A",
                            "sensor": "temperature",
                            "time": "2026-03-01T12:00:00Z",
                            "value": 142.7,
                            "unit": "degF",
                        },
                        {"name": "plant/K-2/flow", "time": 1772366400, "value": 18.2},
                    ]
                },
            ),
            OpenApiExample(
                "One on each line",
                request_only=True,
                media_type="application/x-ndjson",
                value='{"name": "plant/K-2/flow", "time": "2026-03-01T12:00:00Z", "value": 18.2}\n',
            ),
            OpenApiExample("A long table", request_only=True, media_type="text/csv", value=_TABLE),
            OpenApiExample(
                "A file", request_only=True, media_type="multipart/form-data", value={FILE: _TABLE}
            ),
            OpenApiExample(
                "One refused",
                response_only=True,
                value={
                    "accepted": 1,
                    "inserted": 1,
                    "updated": 0,
                    "unchanged": 0,
                    "held": 0,
                    "dropped": 0,
                    "refused": 1,
                    "refusals": [{"place": 1, "name": "plant/K-2/flow", "reason": _REFUSED}],
                },
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Store what the body holds."""
        organization = self.organization_of(request, request.query_params.get("organization"))
        with pressure.slot():
            sent = _sent(request)
            try:
                outcome = take_portions(
                    organization_id=organization.pk,
                    way=sent.way,
                    portions=sent.portions,
                    by=self.sender,
                    at=timezone.now(),
                )
            except NotATable as error:
                raise NoTable(str(error)) from error
        return Response(_answer(outcome))


def _sent(request: Request) -> Sent:
    """What the body holds, or the file of the form. Raises ParseError and TooLarge."""
    sent = request.data
    if isinstance(sent, Sent):
        return sent
    file = request.FILES.get(FILE)
    if file is None:
        text = "Send readings as the body, or a CSV file as `file`."
        raise ValidationError({FILE: [text]}, code="no_readings")
    if file.size > settings.INGEST_MAX_BODY:
        raise TooLarge(f"The file has more than {settings.INGEST_MAX_BODY:,} bytes.")
    file.seek(0)  # an Idempotency-Key has read it
    body = file.read()
    return Sent(Way.CSV, read_table(unpacked(body) if body.startswith(_GZIP) else body))


def _answer(outcome: Outcome) -> dict[str, Any]:
    return {
        "accepted": outcome.accepted,
        "inserted": outcome.stored.inserted,
        "updated": outcome.stored.updated,
        "unchanged": outcome.stored.unchanged,
        "held": outcome.held,
        "dropped": outcome.dropped,
        "refused": outcome.refused,
        "refusals": [
            {"place": item.place, "name": item.name, "reason": item.reason}
            for item in outcome.refusals
        ],
    }
