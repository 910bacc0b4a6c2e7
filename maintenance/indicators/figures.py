"""KPIs of maintenance from summed facts: of one asset, or of many whose facts were added up."""

from collections.abc import Callable, Mapping

from assets.reliability import figures as reliability
from assets.reliability.figures import Figure, ratio
from assets.reliability.windows import Window

# Without any of these no KPI of maintenance has a basis.
_BASES = ("corrective_orders", "preventive_orders", "scheduled", "due", "backlog_orders")


def of_all(*, crew_hours: float) -> Callable[[Mapping[str, float], Window, bool], list[Figure]]:
    """How to tell every KPI: of states, production and work. crew_hours: capacity of a week."""

    def judge(sums: Mapping[str, float], window: Window, known_only: bool) -> list[Figure]:  # noqa: FBT001
        found = reliability.figures(sums, window_hours=window.hours, known_only=known_only)
        if known_only and not any(map(sums.get, _BASES)):
            return found
        return [*found, *figures(sums, weekly_capacity_hours=crew_hours)]

    return judge


def figures(sums: Mapping[str, float], *, weekly_capacity_hours: float) -> list[Figure]:
    """sums: by the names of `work.measure`. The capacity is the whole crew's."""

    def hours(name: str) -> float:
        return sums.get(f"{name}_minutes", 0.0) / 60

    def number(name: str) -> int:
        return round(sums.get(name, 0.0))

    corrective, preventive = hours("corrective"), hours("preventive")
    records = number("corrective_orders") + number("preventive_orders")
    labor = corrective + preventive
    scheduled, due = number("scheduled"), number("due")
    backlog = max(hours("backlog"), 0.0)
    return [
        Figure(
            "mttr_smrp",
            ratio(hours("repair"), number("repairs")),
            "SMRP 3.5.2",
            {"repair_hours": hours("repair"), "repairs": number("repairs")},
            number("repairs"),
            records > 0,
        ),
        Figure(
            "corrective_ratio",
            ratio(corrective, labor),
            "ISO 22400-2",
            {"corrective_hours": corrective, "preventive_hours": preventive},
            records,
            records > 0,
        ),
        Figure(
            "schedule_compliance",
            ratio(number("performed_as_scheduled"), scheduled),
            "SMRP 5.4.4",
            {"performed_as_scheduled": number("performed_as_scheduled"), "scheduled": scheduled},
            scheduled,
            scheduled > 0,
        ),
        Figure(
            "pm_compliance",
            ratio(number("on_time"), due),
            "SMRP 5.4.14",
            {"on_time": number("on_time"), "due": due},
            due,
            due > 0,
        ),
        Figure(
            "backlog",
            ratio(backlog, weekly_capacity_hours),
            "SMRP 5.4.8",
            {
                "backlog_hours": backlog,
                "orders": number("backlog_orders"),
                "weekly_capacity_hours": weekly_capacity_hours,
            },
            number("backlog_orders"),
            number("backlog_orders") > 0,
        ),
        Figure(
            "rework",
            ratio(hours("rework"), labor),
            "SMRP 4.1",
            {"rework_hours": hours("rework"), "labor_hours": labor},
            number("rework_orders"),
            records > 0,
        ),
    ]
