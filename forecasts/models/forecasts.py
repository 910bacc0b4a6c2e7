"""What sensors are expected to read."""

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from assets.models import Asset, Sensor
from forecasts.models.registry import ModelVersion
from opssight.accounts.constraints import same_organization
from opssight.core.tenancy import AssetOwned, TenantModel, TenantQuerySet

HOUR = timedelta(hours=1)


class Forecast(AssetOwned):
    """What a sensor is expected to read: one value and intervals per step.

    A value is NaN in a planned shutdown where nobody knows what the sensor reads standing still.
    """

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="forecasts")
    sensor = models.ForeignKey(Sensor, on_delete=models.CASCADE, related_name="forecasts")
    made_at = models.DateTimeField()
    starts_at = models.DateTimeField(help_text="Time of the first value.")
    step = models.DurationField()
    values = ArrayField(models.FloatField())
    lower = ArrayField(models.FloatField())
    upper = ArrayField(models.FloatField())
    inner = ArrayField(
        ArrayField(models.FloatField()),
        help_text="Ends of the narrower intervals: lower and upper of 80 %, then those of 50 %.",
    )
    dependence = models.FloatField(
        help_text="Correlation of the error of one step with that of the next."
    )
    level = models.FloatField(default=0.95, help_text="Share of the future inside the interval.")
    method = models.CharField(max_length=100)
    backtest_error = models.FloatField(
        null=True, help_text="MASE of the method on the sensor's recent past."
    )
    model = models.ForeignKey(
        ModelVersion,
        on_delete=models.PROTECT,
        null=True,
        related_name="forecasts",
        help_text="The learned model that made it; none: a simple method did.",
    )
    scale = models.FloatField(
        null=True, help_text="Mean move from day to day, which errors are counted in (MASE)."
    )
    scored_at = models.DateTimeField(null=True, help_text="When it was compared with what came.")

    calendar = models.JSONField(
        default=list,
        help_text="Times that are no ordinary ones: kind (holiday or shutdown), start, end and a"
        " sentence each.",
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
            *same_organization("forecasts", "asset", "sensor", "model"),
        ]
        indexes = [
            models.Index(
                fields=["organization", "starts_at"],
                name="forecasts_to_be_scored",
                condition=Q(scored_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.sensor} from {self.starts_at:%Y-%m-%d %H:%M}"

    @property
    def in_words(self) -> str:
        """How it was made, and how good that was; "the day before": the same hour of it.

        >>> Forecast(method="learned from all series", backtest_error=0.38).in_words
        'Learned from all series. Its error was 38 % of that of repeating the day before.'
        """
        method = f"{self.method[:1].upper()}{self.method[1:]}."
        if self.step == HOUR:
            method = method.replace("168 steps", "a week").replace("24 steps", "a day")
        if self.backtest_error is None:
            return f"{method} How good it was is not known yet."
        share = f"{self.backtest_error * 100:.0f} %"
        return f"{method} Its error was {share} of that of repeating the day before."


class ForecastScore(TenantModel):
    """How right the forecasts that began on a day were, by model and horizon: sums over steps.

    Errors are counted in the scale of each forecast, so that the mean of them is a MASE.
    """

    model = models.ForeignKey(
        ModelVersion,
        on_delete=models.PROTECT,
        null=True,
        related_name="scores",
        help_text="Which learned model; none: simple methods.",
    )
    day = models.DateField(help_text="On which the forecasts began, in UTC.")
    horizon = models.PositiveSmallIntegerField(help_text="Hours ahead, up to this many.")
    forecasts = models.PositiveIntegerField(help_text="How many were scored.")
    steps = models.PositiveIntegerField(help_text="Hours whose errors could be counted.")
    errors = models.FloatField(help_text="Sum of absolute errors over scales.")
    naive_errors = models.FloatField(help_text="The same of repeating the last day.")
    judged = models.PositiveIntegerField(help_text="Hours whose intervals could be judged.")
    inside = models.PositiveIntegerField(help_text="Steps whose truth the interval held.")
    promised = models.FloatField(help_text="Steps that it should have held.")

    objects = TenantQuerySet["ForecastScore"].as_manager()

    class Meta:
        db_table = "forecast_scores"
        ordering = ["day", "horizon", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "model", "day", "horizon"],
                nulls_distinct=False,
                name="one_forecast_score_per_model_day_and_horizon",
            ),
            models.CheckConstraint(
                condition=Q(inside__lte=F("judged")), name="forecast_score_holds_no_more_than_came"
            ),
            *same_organization("forecast_scores", "model"),
        ]

    def __str__(self) -> str:
        return f"{self.model or 'Simple methods'} on {self.day}, up to {self.horizon} h"
