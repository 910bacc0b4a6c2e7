"""Learned models: which are in use, how good they were, and what became of the others."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from forecasts.models import ModelVersion
from forecasts.queries import versions
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import page_of

TONES = {"in_use": "success", "rejected": "neutral", "replaced": "neutral", "set_aside": "warning"}
MAIN = {
    ModelVersion.Kind.METRICS: "mase",
    ModelVersion.Kind.LIFE: "skill",
    ModelVersion.Kind.FAILURE: "skill",
}
NAMES = {
    "mase": "MASE",
    "msis": "MSIS",
    "rmse_days": "RMSE, days",
    "skill": "Skill",
    "level": "Level of the interval",
    "coverage": "Held by the interval",
    "scikit-learn": "scikit-learn",
    "numpy": "NumPy",
}
SHARES = {"level", "coverage"}


@require_safe
@login_required
def models(request: UserRequest) -> HttpResponse:
    kind, status = request.GET.get("kind", ""), request.GET.get("status", "")
    kind = kind if kind in ModelVersion.Kind.values else ""
    status = status if status in ModelVersion.Status.values else ""
    rows = ModelVersion.objects.for_user(request.user).order_by("-trained_at", "-pk")
    if kind:
        rows = rows.filter(kind=kind)
    if status:
        rows = rows.filter(status=status)
    page = page_of(request, rows)
    context = {
        "current": [_line(one) for one in versions.current(request.user)],
        "page": page,
        "lines": [_line(one) for one in page],
        "kind": kind,
        "kinds": ModelVersion.Kind.choices,
        "status": status,
        "statuses": ModelVersion.Status.choices,
    }
    return render_fragment(request, "forecasts/models.html", context, fragment="versions")


@require_safe
@login_required
def model(request: UserRequest, pk: int) -> HttpResponse:
    version = get_object_or_404(ModelVersion.objects.for_user(request.user), pk=pk)
    context = {
        "version": version,
        "tone": TONES[version.status],
        "figures": facts(version.metrics),
        "learned_from": facts(version.learned_from),
        "calibration": calibration_chart(version),
        "horizons": _horizons(version),
        "simple": sorted(
            (version.metrics.get("simple") or {}).items(), key=lambda item: item[1] or 1e9
        ),
        "inputs": (version.drift or {}).get("inputs"),
        "errors": (version.drift or {}).get("errors"),
    }
    return render(request, "forecasts/model.html", context)


def _line(version: ModelVersion) -> dict[str, Any]:
    name = MAIN[ModelVersion.Kind(version.kind)]
    value = version.metrics.get(name)
    return {
        "version": version,
        "tone": TONES[version.status],
        "figure": "–" if value is None else f"{NAMES[name]} {value:.2f}",
        "coverage": version.metrics.get("coverage"),
        "level": version.metrics.get("level"),
    }


def facts(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Term and text of all plain values, also those of one level below.

    >>> facts({"mase": 0.71234, "coverage": 0.95, "rows": 240000, "simple": {"trend": 1.0}})
    [('MASE', '0.712'), ('Held by the interval', '95.0 %'), ('Rows', '240,000')]
    >>> facts({"libraries": {"numpy": "2.2"}})
    [('NumPy', '2.2')]
    """
    found = []
    for name, value in values.items():
        if isinstance(value, dict) and name not in {"simple", "champion"}:
            found += facts(value)
        elif isinstance(value, int | float | str) and not isinstance(value, bool):
            found.append((NAMES.get(name, name.replace("_", " ").capitalize()), _text(name, value)))
    return found


def _text(name: str, value: float | str) -> str:
    if isinstance(value, str):
        return value
    if name in SHARES:
        return f"{value:.1%}".replace("%", " %")
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}"


def calibration_chart(version: ModelVersion) -> dict[str, Any]:
    """What was held or happened, against what was promised or said, in percent.

    See the head of static/js/charts.js for the format.
    """
    points = [one for one in version.metrics.get("calibration") or [] if None not in one]
    is_chance = version.kind == ModelVersion.Kind.FAILURE
    said, came = ("Said", "Happened") if is_chance else ("Promised", "Held")
    off = [abs(held - promised) for promised, held, _ in points]
    worst = 100 * max(off, default=0.0)
    return {
        "said": said,
        "came": came,
        "points": [
            [round(100 * promised, 1), round(100 * held, 1), cases]
            for promised, held, cases in points
        ],
        "summary": f"{came} beside {said.lower()}: {worst:.1f} points apart at most.",
        "empty": "Too little had come to compare with what was said.",
    }


def _horizons(version: ModelVersion) -> list[dict[str, Any]]:
    """The figures of the backtest by hours ahead, with what came since."""
    came = {one.hours: one for one in versions.came(version)}
    return [
        {**one, "came": came.get(one["hours"])} for one in version.metrics.get("horizons") or []
    ]
