"""The names by which machines send, and the sensors that they stand for."""

from collections.abc import Collection

from django.db import models
from django.db.models import F, Q

from assets.models import Sensor
from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.core.tenancy import TenantModel, TenantQuerySet

NAME_LENGTH = 500


class Way(models.TextChoices):
    """How readings come in."""

    JSON = "json", "JSON"
    CSV = "csv", "CSV"
    LINE_PROTOCOL = "line_protocol", "Line protocol"
    MQTT = "mqtt", "MQTT"
    SPARKPLUG = "sparkplug", "Sparkplug B"


class Signal(TenantModel):
    """A name that stands for a sensor; without a sensor its readings are dropped on purpose.

    A name without a row stands for a sensor when it is `<asset tag>/<sensor key>`.
    """

    name = models.CharField(
        max_length=NAME_LENGTH,
        help_text="As the sender spells it, such as plant1/P-101A/temp or cpu,host=a#usage.",
    )
    sensor = models.ForeignKey(
        Sensor,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="signals",
        help_text="Empty: readings of this name are dropped.",
    )
    unit = models.CharField(
        max_length=30,
        blank=True,
        help_text="The sender's unit, where it is another than the sensor's.",
    )

    objects = TenantQuerySet["Signal"].as_manager()

    constraint_errors = {
        "signal_name_once": ("name", "This name stands for a sensor already."),
    }

    class Meta:
        db_table = "signals"
        ordering = ["name", "pk"]
        constraints = [
            unique_in_organization("signals"),
            models.UniqueConstraint(fields=["organization", "name"], name="signal_name_once"),
            models.CheckConstraint(condition=~Q(name=""), name="signal_has_a_name"),
            *same_organization("signals", "sensor"),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def covered(cls, memberships: Collection[int]) -> Q:
        sensors = Sensor.objects.filter(Sensor.covered(memberships))
        return Q(sensor__in=sensors.values("pk"))


class UnknownSignal(TenantModel):
    """A name that was sent and stands for nothing yet; whole organizations only see it."""

    name = models.CharField(max_length=NAME_LENGTH)
    way = models.CharField(max_length=20, choices=Way.choices)
    unit = models.CharField(max_length=30, blank=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    count = models.PositiveBigIntegerField(help_text="Readings that came by this name.")
    last_time = models.DateTimeField(null=True, help_text="Time of the last reading.")
    last_value = models.FloatField(null=True)

    objects = TenantQuerySet["UnknownSignal"].as_manager()

    class Meta:
        db_table = "unknown_signals"
        ordering = ["-last_seen_at", "pk"]
        constraints = [
            unique_in_organization("unknown_signals"),
            models.UniqueConstraint(
                fields=["organization", "name"], name="unknown_signal_name_once"
            ),
            models.CheckConstraint(
                condition=Q(last_seen_at__gte=F("first_seen_at")),
                name="unknown_signal_seen_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def covered(cls, memberships: Collection[int]) -> Q:
        """A name that stands for nothing belongs to no part of the plant."""
        return Q(pk__in=[])


class HeldReading(TenantModel):
    """A reading of an unknown name, kept until somebody says which sensor it is."""

    signal = models.ForeignKey(UnknownSignal, on_delete=models.CASCADE, related_name="held")
    time = models.DateTimeField()
    value = models.FloatField()

    objects = TenantQuerySet["HeldReading"].as_manager()

    class Meta:
        db_table = "held_readings"
        ordering = ["signal", "time", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["signal", "time"], name="held_reading_once"),
            *same_organization("held_readings", "signal"),
        ]

    def __str__(self) -> str:
        return f"{self.signal} {self.time:%Y-%m-%d %H:%M:%S} {self.value:g}"

    @classmethod
    def covered(cls, memberships: Collection[int]) -> Q:
        return Q(pk__in=[])
