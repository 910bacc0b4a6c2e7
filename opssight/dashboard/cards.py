"""The six key metrics in words, each with the way to its list."""

from dataclasses import dataclass

from django.urls import reverse

from opssight.dashboard.queries import KeyMetrics


@dataclass(frozen=True, slots=True)
class Card:
    label: str
    value: str
    note: str
    icon: str
    href: str
    tone: str = ""


def cards(metrics: KeyMetrics) -> list[Card]:
    return [
        _availability(metrics),
        Card(
            "Active anomalies",
            str(metrics.active_anomalies),
            _of_anomalies(metrics),
            "wave-sine",
            reverse("anomalies:list"),
            "critical" if metrics.critical_anomalies or metrics.scoring_lag else "",
        ),
        Card(
            "Data-quality faults",
            str(metrics.data_faults),
            _paused(metrics.paused_sensors),
            "activity",
            reverse("telemetry:quality"),
            "high" if metrics.data_faults else "",
        ),
        Card(
            "Assets at high risk",
            str(metrics.high_risk_assets),
            f"of {metrics.assets} assets",
            "gauge",
            reverse("forecasts:risk"),
            "high" if metrics.high_risk_assets else "",
        ),
        Card(
            "Overdue maintenance",
            str(metrics.overdue_maintenance),
            "schedules past due" if metrics.overdue_maintenance else "no schedule past due",
            "calendar-event",
            f"{reverse('assets:list')}?overdue=1&order=due",
            "high" if metrics.overdue_maintenance else "",
        ),
        Card(
            "Open work orders",
            str(metrics.open_work_orders),
            f"{metrics.in_progress} in progress",
            "clipboard-list",
            reverse("maintenance:work_orders"),
        ),
    ]


def _of_anomalies(metrics: KeyMetrics) -> str:
    notes = [f"{metrics.critical_anomalies} critical"] if metrics.critical_anomalies else []
    if metrics.scoring_lag is not None:
        minutes = int(metrics.scoring_lag.total_seconds() // 60)
        behind = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
        notes.append(f"scoring is {behind} behind: see that workers and beat run")
    return "; ".join(notes)


def _paused(sensors: int) -> str:
    if not sensors:
        return ""
    return f"scoring paused for {sensors} sensor{'' if sensors == 1 else 's'}"


def _availability(metrics: KeyMetrics) -> Card:
    if metrics.availability is None:
        value, note = "–", "insufficient data"
    else:
        value, note = (
            f"{metrics.availability * 100:.1f} %",
            f"mean of {metrics.measured_assets} assets",
        )
    return Card("Availability, 30 days", value, note, "activity", reverse("assets:list"))
