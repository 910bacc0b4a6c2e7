"""The rules for times and values, applied to a whole batch."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from assets.services import rules
from telemetry.models import TelemetryPolicy
from telemetry.queries.signals import Target
from telemetry.services.batches import Sieve
from telemetry.services.clocks import localize
from telemetry.services.naming import Names
from telemetry.services.units import convert

_NO_ZONE = "The time has no time zone: write it like 2026-03-01T12:00:00Z."
_NO_CLOCK = f"{_NO_ZONE} The name stands for no sensor whose site could say the zone."


def set_clocks(sieve: Sieve, names: Names, policy: TelemetryPolicy) -> None:
    """Give times without a zone that of the asset's site, or refuse them: as the policy says."""
    naive = sieve.batch.naive
    if naive is None or not naive.any():
        return
    if policy.naive_times == TelemetryPolicy.NaiveTimes.REFUSE:
        sieve.refuse(naive, lambda _: _NO_ZONE)
        return
    zones = [target.timezone if target else "" for target in names.targets]
    sieve.refuse(naive & sieve.of_names([not zone for zone in zones]), lambda _: _NO_CLOCK)
    for zone in sorted({*zones} - {""}):
        _set_clock(sieve, naive & sieve.of_names([other == zone for other in zones]), zone)


def _set_clock(sieve: Sieve, chosen: rules.Mask, zone: str) -> None:
    places = np.flatnonzero(chosen & sieve.left)
    shown = sieve.times[places]
    sieve.times[places], skipped = localize(shown, ZoneInfo(zone))
    wrong = np.zeros(len(sieve.left), dtype=bool)
    wrong[places[skipped]] = True
    sieve.refuse(
        wrong,
        lambda i: (
            f"{rules.moment(int(sieve.batch.times[i])):%Y-%m-%d %H:%M:%S} does not exist in"
            f" {zone}: the clock skips it."
        ),
    )


def check_times(sieve: Sieve, *, at: datetime) -> None:
    sieve.refuse(
        rules.times_wrong(sieve.times, at=at),
        lambda i: rules.time_problem(rules.moment(int(sieve.times[i])), at=at) or "",
    )


def check_values(sieve: Sieve, names: Names) -> None:
    """Refuse what is no number, convert the rest to the sensors' units, refuse the impossible."""
    targets = names.targets
    finite = np.isfinite(sieve.values)
    sieve.refuse(~finite, lambda i: rules.value_problem(float(sieve.values[i])) or "")
    _convert(sieve, names)
    lows, highs = (
        np.array(
            [
                (_bound(target.low), _bound(target.high)) if target else (np.nan, np.nan)
                for target in targets
            ],
            dtype=np.float64,
        )
        .reshape(-1, 2)
        .T
    )
    wrong = rules.values_wrong(sieve.values, lows[sieve.names], highs[sieve.names])
    sieve.refuse(wrong, lambda i: _why(float(sieve.values[i]), targets[sieve.names[i]]))


def _convert(sieve: Sieve, names: Names) -> None:
    pairs: dict[tuple[str, str], list[int]] = {}
    for place, target in enumerate(names.targets):
        source = (target.sender_unit or names.units[place]) if target else ""
        if target and source and source != target.unit:
            pairs.setdefault((source, target.unit), []).append(place)
    for (source, unit), places in pairs.items():
        chosen = np.isin(sieve.names, places) & sieve.left
        sieve.values[chosen] = convert(sieve.values[chosen], source, unit)


def _bound(value: float | None) -> float:
    return np.nan if value is None else value


def _why(value: float, target: Target | None) -> str:
    if target is None:
        return rules.value_problem(value) or ""
    bounds = {"low": target.low, "high": target.high, "unit": target.unit}
    return rules.value_problem(value, **bounds) or ""  # type: ignore[arg-type]
