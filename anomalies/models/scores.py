"""How strange each reading was, and what waits to be judged again."""

from typing import Any

from django.db import models
from django.db.models.functions import Now
from timescale.db.models.fields import TimescaleDateTimeField

from assets.models import Sensor


class RealField(models.FloatField):  # type: ignore[type-arg]
    """A float of four bytes: what is drawn needs no more."""

    def db_type(self, connection: Any) -> str:
        return "real"


class AnomalyScore(models.Model):
    """How strange a reading was; a compressed hypertable where the server has TimescaleDB.

    Carries no organization: like readings, it is reached only through a sensor resolved in scope.
    `score`: 1 is the alarm line. `expected` and `scale`, the typical distance from it, are in the
    unit of what was judged: of a counter, its rise per hour.
    """

    pk = models.CompositePrimaryKey("sensor_id", "time")
    sensor = models.ForeignKey(Sensor, on_delete=models.CASCADE, related_name="+", db_index=False)
    time = TimescaleDateTimeField(interval="7 days")
    score = RealField()
    expected = RealField()
    scale = RealField()

    class Meta:
        db_table = "anomaly_scores"

    def __str__(self) -> str:
        return f"{self.time:%Y-%m-%d %H:%M:%S} {self.score:.2f}"


class LateReadings(models.Model):
    """Readings that came, changed or went behind the last one: to be scored again from `since` on.

    Like readings, they carry no organization. One may outlive its sensor a while: no foreign key,
    and a row for each batch, so that who stores readings waits for nobody who scores.
    """

    sensor = models.ForeignKey(
        Sensor,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    since = models.DateTimeField()
    is_for_machine = models.BooleanField(
        db_default=False, help_text="The asset's rows are to be judged again, not the sensor."
    )
    noted_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "late_readings"

    def __str__(self) -> str:
        return f"since {self.since:%Y-%m-%d %H:%M}"
