"""What is kept of readings besides themselves: figures of each hour and day.

These are the stores behind the relations `asset_metrics_hourly` and `asset_metrics_daily`, which
migrations make and which alone are to be read: sensor_id, bucket (its begin, UTC), count, min, max,
avg, first, last, sum_squares. Like readings they carry no organization.
"""

from django.db import models

from assets.models.sensors import Sensor


class _Figures(models.Model):
    sensor = models.ForeignKey(Sensor, on_delete=models.CASCADE, related_name="+", db_index=False)
    bucket = models.DateTimeField()
    count = models.BigIntegerField()
    min = models.FloatField()
    max = models.FloatField()
    avg = models.FloatField()
    first = models.FloatField()
    last = models.FloatField()
    sum_squares = models.FloatField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.bucket:%Y-%m-%d %H:%M} {self.avg:g}"


class HourFigures(_Figures):
    """Of an hour. On TimescaleDB only of hours whose readings were removed."""

    pk = models.CompositePrimaryKey("sensor_id", "bucket")

    class Meta:
        db_table = "asset_metrics_hours"


class DayFigures(_Figures):
    """Of a day (UTC). On TimescaleDB only of days whose readings were removed."""

    pk = models.CompositePrimaryKey("sensor_id", "bucket")

    class Meta:
        db_table = "asset_metrics_days"


class TouchedHour(models.Model):
    """Readings of this hour came, changed or went: its kept figures do not hold.

    Marks are written by triggers and taken up by `assets.services.aggregates`; on TimescaleDB,
    which keeps count itself, there are none. One may outlive its sensor a while: no foreign key.
    """

    sensor = models.ForeignKey(
        Sensor,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    bucket = models.DateTimeField()

    class Meta:
        db_table = "asset_metrics_touched"
        indexes = [models.Index(fields=["sensor", "bucket"], name="touched_hour_of_sensor")]

    def __str__(self) -> str:
        return f"{self.bucket:%Y-%m-%d %H:%M}"


class SealedReadings(models.Model):
    """Readings before `until` (midnight UTC) are kept no longer: their figures change no more."""

    sensor = models.OneToOneField(
        Sensor, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    until = models.DateTimeField()

    class Meta:
        db_table = "asset_metrics_sealed"

    def __str__(self) -> str:
        return f"until {self.until:%Y-%m-%d}"
