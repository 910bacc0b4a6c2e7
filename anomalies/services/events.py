"""What other systems are told of anomalies: the rows with the fields of the API."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from anomalies.models import Anomaly
from notifications.models import Webhook
from notifications.services import Happening, publish

Event = Webhook.Event

NEWS = timedelta(days=1)
"""What ended longer ago is history that was loaded later, and no event."""

FIELDS = (
    "id",
    "method",
    "channel",
    "failure_mode",
    "severity",
    "started_at",
    "ended_at",
    "peak_at",
    "peak_value",
    "expected_value",
    "score",
    "explanation",
    "verdict",
    "closed_at",
)


def tell_opened(rows: Iterable[Anomaly], *, at: datetime) -> None:
    _publish([(row, Event.ANOMALY_OPENED, "") for row in rows if _is_news(row, at)], at)


def tell_ended(rows: Iterable[Anomaly], *, at: datetime) -> None:
    """Of rows that were open before. An anomaly that goes on after all may end again."""
    _publish(
        [(row, Event.ANOMALY_ENDED, str(row.ended_at)) for row in rows if _is_news(row, at)], at
    )


def tell_closed(row: Anomaly, *, at: datetime) -> None:
    _publish([(row, Event.ANOMALY_CLOSED, "")], at)


def _is_news(row: Anomaly, at: datetime) -> bool:
    return row.ended_at is None or row.ended_at > at - NEWS


def _publish(rows: Iterable[tuple[Anomaly, Webhook.Event, str]], at: datetime) -> None:
    happenings: dict[int, list[Happening]] = defaultdict(list)
    for row, event, which in rows:
        happenings[row.organization_id].append(_happening(row, event, which))
    for organization_id, of_organization in sorted(happenings.items()):
        publish(organization=organization_id, happenings=of_organization, at=at)


def _happening(row: Anomaly, event: Webhook.Event, which: str) -> Happening:
    asset = row.sensor.asset
    return Happening(
        event=event,
        dedupe_key=f"anomaly-{row.pk}-{event}{which and '-'}{which}",
        data={
            **{name: getattr(row, name) for name in FIELDS},
            "asset": asset.pk,
            "asset_tag": asset.tag,
            "asset_name": asset.name,
            "sensor": row.sensor_id,
            "sensor_key": row.sensor.key,
            "unit": row.sensor.unit,
            "recommendation": row.recommendation_id,
        },
        page=row.get_absolute_url(),
        api=f"/api/anomalies/{row.pk}/",
    )
