"""Versions of the API are asked for in the media type; what goes away says so in its answers."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from django.utils.http import http_date
from rest_framework.response import Response
from rest_framework.versioning import AcceptHeaderVersioning

CURRENT = "1.0"
HEADER = "API-Version"


class MediaTypeVersions(AcceptHeaderVersioning):
    """`Accept: application/json; version=1.0`; without a version the current one."""

    default_version = CURRENT
    allowed_versions = (CURRENT,)
    version_param = "version"
    invalid_version_message = f"There is no such version of the API. Ask for version={CURRENT}."


@dataclass(frozen=True, slots=True)
class Deprecation:
    """From when on an operation should not be used, and when it ends."""

    since: date
    sunset: date
    link: str
    """Address of the page that says what to use instead."""


def announce(response: Response, deprecation: Deprecation) -> None:
    """Say so in the answer: Deprecation (RFC 9745), Sunset (RFC 8594) and a link.

    >>> answer = Response()
    >>> announce(answer, Deprecation(date(2026, 12, 1), date(2027, 6, 1), "/docs/x"))
    >>> answer["Deprecation"], answer["Sunset"]
    ('@1796083200', 'Tue, 01 Jun 2027 00:00:00 GMT')
    """
    response["Deprecation"] = f"@{_seconds(deprecation.since)}"
    response["Sunset"] = http_date(_seconds(deprecation.sunset))
    response["Link"] = f'<{deprecation.link}>; rel="deprecation"; type="text/html"'


def _seconds(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
