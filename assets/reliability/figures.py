"""KPIs from summed inputs: of one asset, or of many whose inputs were added up."""

from collections.abc import Mapping
from dataclasses import dataclass

# A day, also the short one when clocks go forward. Less observation gives figures without meaning.
SHORTEST_HOURS = 23.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One KPI. value: a ratio, hours or weeks; None: insufficient data.

    inputs: what it was made from; count: how many failures, runs or orders; basis: whether there
    is anything at all that it could be told from.
    """

    kpi: str
    value: float | None
    standard: str
    inputs: dict[str, float]
    count: int
    basis: bool


def ratio(part: float, whole: float) -> float | None:
    """None where there is no whole.

    >>> ratio(1, 4), ratio(1, 0)
    (0.25, None)
    """
    return part / whole if whole > 0 else None


def figures(
    sums: Mapping[str, float], *, window_hours: float, known_only: bool = False
) -> list[Figure]:
    """The KPIs of states and production. sums: by the names of `Ledger.measure`, `production`.

    known_only: those without a basis may be left out, which most are in a day of one asset.
    """
    found = [] if known_only and not sums.get("total") else _states(sums, window_hours)
    return found if known_only and not sums.get("runs") else [*found, *_production(sums)]


def _states(sums: Mapping[str, float], window_hours: float) -> list[Figure]:
    total, idle, down = (sums.get(name, 0.0) / 3600 for name in ("total", "idle", "down"))
    repair = sums.get("repair", 0.0) / 3600
    failures, restorations = (round(sums.get(name, 0)) for name in ("failures", "restorations"))
    up = max(total - idle - down, 0.0)
    enough = total >= SHORTEST_HOURS and window_hours >= SHORTEST_HOURS
    mtbf = ratio(up, failures) if enough else None
    mttr = ratio(repair, restorations)
    inherent = mtbf / (mtbf + mttr) if mtbf is not None and mttr is not None and mtbf else None
    hours = {"up_hours": up, "down_hours": down, "idle_hours": idle, "total_hours": total}
    of_mtbf = {"up_hours": up, "failures": failures}
    of_mttr = {"repair_hours": repair, "restorations": restorations}
    known = total > 0
    return [
        Figure(
            "availability",
            ratio(up, total - idle) if enough else None,
            "SMRP 2.2",
            hours,
            failures,
            known,
        ),
        Figure("mtbf", mtbf, "ISO 22400-2", of_mtbf, failures, known),
        Figure("mttr", mttr, "ISO 22400-2", of_mttr, restorations, known),
        Figure(
            "inherent_availability",
            inherent,
            "MTBF ÷ (MTBF + MTTR)",
            {**of_mtbf, **of_mttr},
            failures,
            known,
        ),
    ]


def _production(sums: Mapping[str, float]) -> list[Figure]:
    runs, known = round(sums.get("runs", 0)), round(sums.get("known_runs", 0))
    planned, all_units, good_units = (
        sums.get(name, 0.0) / 3600 for name in ("planned", "ideal_all", "ideal_good")
    )
    busy, producing = (sums.get(name, 0.0) / 3600 for name in ("known_planned", "producing"))
    return [
        Figure(
            "availability_iso",
            ratio(producing, busy),
            "ISO 22400-2",
            {"production_hours": producing, "planned_busy_hours": busy, "runs": known},
            known,
            known > 0,
        ),
        # Availability × effectiveness × quality ratio; what is made in the actual production time
        # cancels out, so that the product is known where only the amounts are.
        Figure(
            "oee",
            ratio(good_units, planned),
            "ISO 22400-2",
            {
                "planned_busy_hours": planned,
                "production_hours": producing,
                "ideal_hours": all_units,
                "ideal_hours_of_good_units": good_units,
                "runs": runs,
            },
            runs,
            runs > 0,
        ),
    ]
