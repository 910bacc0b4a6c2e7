"""What sensors are expected to read."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from assets.models import Asset, Sensor
from opssight.accounts.constraints import same_organization
from opssight.core.tenancy import AssetOwned, TenantQuerySet


class Forecast(AssetOwned):
    """What a sensor is expected to read: one value and one interval per step."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="forecasts")
    sensor = models.ForeignKey(Sensor, on_delete=models.CASCADE, related_name="forecasts")
    made_at = models.DateTimeField()
    starts_at = models.DateTimeField(help_text="Time of the first value.")
    step = models.DurationField()
    values = ArrayField(models.FloatField())
    lower = ArrayField(models.FloatField())
    upper = ArrayField(models.FloatField())
    level = models.FloatField(default=0.95, help_text="Share of the future inside the interval.")
    method = models.CharField(max_length=100)
    backtest_error = models.FloatField(
        null=True, help_text="MASE of the method on the sensor's recent past."
    )

    objects = TenantQuerySet["Forecast"].as_manager()

    class Meta:
        db_table = "forecasts"
        ordering = ["-starts_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["sensor", "starts_at"], name="one_forecast_per_sensor_and_start"
            ),
            models.CheckConstraint(
                condition=Q(level__gt=0, level__lt=1), name="forecast_level_is_a_share"
            ),
            *same_organization("forecasts", "asset", "sensor"),
        ]

    def __str__(self) -> str:
        return f"{self.sensor} from {self.starts_at:%Y-%m-%d %H:%M}"
