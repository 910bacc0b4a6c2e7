from typing import Any

from django.contrib import admin
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join

from forecasts.models import FailureChance, Forecast, LifePrediction, ModelVersion, RiskScore
from opssight.core.admin import OwnRelatedFilter, ReadOnlyTenantAdmin

BY_SITE = ("asset__site", OwnRelatedFilter)
FIRST_STEPS = 24


def table(header: tuple[str, ...], rows: Any) -> str:
    """An HTML table of plain values."""
    cells = (
        (format_html_join("", '<td class="pr-6">{}</td>', ((v,) for v in row)),) for row in rows
    )
    names = format_html_join("", '<th class="pr-6 text-left">{}</th>', ((name,) for name in header))
    return format_html(
        "<table><tr>{}</tr>{}</table>", names, format_html_join("", "<tr>{}</tr>", cells)
    )


@admin.register(Forecast)
class ForecastAdmin(ReadOnlyTenantAdmin):
    exclude = ("organization", "values", "lower", "upper", "backtest_error")
    readonly_fields = ("error", "first_steps")
    list_display = ("sensor", "asset", "starts_at", "step", "method", "error", "made_at")
    list_filter = ("method", BY_SITE)
    list_select_related = ("asset", "sensor")
    search_fields = ("asset__tag", "asset__name", "sensor__key")
    date_hierarchy = "made_at"

    @admin.display(description="Backtest error (MASE)", ordering="backtest_error")
    def error(self, forecast: Forecast) -> str | None:
        error = forecast.backtest_error
        return None if error is None else f"{error:.2f}"

    @admin.display(description="First steps")
    def first_steps(self, forecast: Forecast) -> str:
        steps = zip(forecast.values, forecast.lower, forecast.upper, strict=True)
        start = timezone.localtime(forecast.starts_at)
        rows = (
            (
                date_format(start + index * forecast.step, "Y-m-d H:i"),
                *(f"{number:.4g}" for number in step),
            )
            for index, step in enumerate(steps)
            if index < FIRST_STEPS
        )
        return table(("Time", "Expected", "Lower", "Upper"), rows)


@admin.register(RiskScore)
class RiskScoreAdmin(ReadOnlyTenantAdmin):
    exclude = ("organization", "parts", "relief", "cost_inputs")
    readonly_fields = ("explanation", "would_lower_it")
    list_display = ("asset", "day", "rounded", "likelihood", "basis", "consequence", "computed_at")
    list_filter = ("basis", "consequence", BY_SITE)
    list_select_related = ("asset",)
    search_fields = ("asset__tag", "asset__name")
    date_hierarchy = "day"

    @admin.display(description="Score", ordering="score")
    def rounded(self, risk: RiskScore) -> str:
        return f"{risk.score:.0f}"

    @admin.display(description="Made of")
    def explanation(self, risk: RiskScore) -> str:
        rows = ((part["name"], f"{part['value']:.2f}", part["sentence"]) for part in risk.parts)
        return table(("Part", "Value", "Why"), rows)

    @admin.display(description="Would lower it")
    def would_lower_it(self, risk: RiskScore) -> str:
        rows = (
            (item["title"], f"{item['points']:.0f}", f"{item['to']:.0f}") for item in risk.relief
        )
        return table(("Open work", "Points", "Leaves"), rows)


def reasons(drivers: list[dict[str, Any]]) -> str:
    return format_html_join("", "<p>{}</p>", ((one["sentence"],) for one in drivers))


@admin.register(LifePrediction)
class LifePredictionAdmin(ReadOnlyTenantAdmin):
    exclude = ("organization", "quantiles", "drivers")
    readonly_fields = ("explanation",)
    list_display = ("asset", "day", "left", "confidence", "method", "came_at", "inside")
    list_filter = ("confidence", "inside", BY_SITE)
    list_select_related = ("asset",)
    search_fields = ("asset__tag", "asset__name")
    date_hierarchy = "day"

    @admin.display(description="Days left", ordering="median_days")
    def left(self, life: LifePrediction) -> str:
        if life.median_days is None:
            return "–"
        return f"{life.median_days:.0f} ({life.lower_days:.0f} to {life.upper_days:.0f})"

    @admin.display(description="Because")
    def explanation(self, life: LifePrediction) -> str:
        return reasons(life.drivers)


@admin.register(FailureChance)
class FailureChanceAdmin(ReadOnlyTenantAdmin):
    exclude = ("organization", "drivers")
    readonly_fields = ("explanation",)
    list_display = ("asset", "day", "failure_mode", "p_24h", "p_7d", "p_30d", "confidence")
    list_filter = ("confidence", BY_SITE)
    list_select_related = ("asset",)
    search_fields = ("asset__tag", "asset__name", "failure_mode")
    date_hierarchy = "day"

    @admin.display(description="Because")
    def explanation(self, chance: FailureChance) -> str:
        return reasons(chance.drivers)


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyTenantAdmin):
    exclude = ("organization", "file", "learned_from", "metrics", "drift")
    list_display = ("kind", "subject", "version", "status", "trained_at", "checked_at", "reason")
    list_display_links = ("version",)
    list_filter = ("kind", "status")
    search_fields = ("subject", "reason")
    date_hierarchy = "trained_at"
