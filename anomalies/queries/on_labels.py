"""Labeled spans, and the anomalies that found or disturbed them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from anomalies.models import Anomaly, SensorLabel
from opssight.accounts.models import User

Key = str | int


@dataclass(frozen=True, slots=True)
class OnLabels:
    """Labeled spans, and with how many of them an anomaly of their sensor overlaps."""

    anomalies: int
    found: int
    normal: int
    disturbed: int


@dataclass(frozen=True, slots=True)
class Span:
    """A labeled span and the anomalies that overlap it."""

    label: SensorLabel
    rows: tuple[Anomaly, ...]

    @property
    def name(self) -> tuple[str, int]:
        """What to call its sensor, and its asset."""
        return f"{self.label.asset.tag} {self.label.sensor.key}", self.label.asset_id

    def is_met(self, by: str, key: Key | None) -> bool:
        return any(key is None or key_of(row, by) == key for row in self.rows)


def key_of(row: Anomaly, by: str) -> Key:
    key: Key = getattr(row, f"{by}_id" if by == "sensor" else by)
    return key


def spans_of(user: User, here: Q, since: datetime, until: datetime) -> list[Span]:
    """Labeled as an anomaly or as normal, with the anomalies of their sensors that overlap them.

    Two queries. What was found to be a false alarm counts: it is what labels judge.
    """
    labels = SensorLabel.objects.for_user(user).filter(
        here,
        kind__in=(SensorLabel.Kind.ANOMALY, SensorLabel.Kind.NORMAL),
        started_at__gte=since,
        started_at__lt=until,
    )
    spans = list(labels.select_related("sensor", "asset"))
    if not spans:
        return []
    overlapping = Exists(
        labels.filter(sensor=OuterRef("sensor"), ended_at__gte=OuterRef("started_at"))
    )
    rows: dict[int, list[Anomaly]] = defaultdict(list)
    for row in Anomaly.objects.filter(overlapping).order_by():
        rows[row.sensor_id].append(row)
    return [
        Span(
            span,
            tuple(
                row
                for row in rows[span.sensor_id]
                if row.started_at <= span.ended_at
                and (row.ended_at is None or row.ended_at >= span.started_at)
            ),
        )
        for span in spans
    ]


def on_labels(spans: Iterable[Span], by: str, key: Key | None) -> OnLabels | None:
    """Of what the line could have found; None where that is not known, as for failures."""
    if key is not None and by == "failure_mode":
        return None
    of = [one for one in spans if key is None or by != "sensor" or one.label.sensor_id == key]
    normal = [one for one in of if one.label.kind == SensorLabel.Kind.NORMAL]
    strange = [one for one in of if one.label.kind == SensorLabel.Kind.ANOMALY]
    return OnLabels(
        anomalies=len(strange),
        found=sum(one.is_met(by, key) for one in strange),
        normal=len(normal),
        disturbed=sum(one.is_met(by, key) for one in normal),
    )
