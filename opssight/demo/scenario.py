"""What goes wrong in the demo plant, and when: the ground truth behind the simulated readings.

Times are days from the anchor, the moment at which the demo was loaded. So the dashboard always
opens on a plant with faults behind it and faults growing. Later the whole story repeats, so a demo
that runs for months stays alive.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from opssight.demo.catalog import FailureMode

PERIOD = timedelta(days=60)
STEP = timedelta(minutes=10)


@dataclass(frozen=True)
class FaultPlan:
    """One fault, in days from the anchor. It is repaired before it fails, or some hours after."""

    tag: str
    mode: FailureMode
    start: float
    failure: float
    repaired: float
    finding: str
    sensor: str = ""


@dataclass(frozen=True)
class Fault:
    """Ground truth: a fault grows from `start`, would fail at `failure`, ends at `repaired`."""

    tag: str
    mode: FailureMode
    start: datetime
    failure: datetime
    repaired: datetime
    finding: str
    sensor: str = ""

    @property
    def failed(self) -> bool:
        """Whether the asset stopped. A stuck sensor misleads, but stops nothing."""
        return self.mode != "stuck sensor" and self.failure < self.repaired


@dataclass(frozen=True)
class Stop:
    """A span of [start, end) in which an asset stands still."""

    tag: str
    start: datetime
    end: datetime
    planned: bool
    reason: str


@dataclass(frozen=True)
class Scenario:
    """Everything that the simulated values depend on, besides the plant and the time.

    repairs: when somebody repaired an asset, by tag. A fault ends there, if it grew at that time.
    """

    anchor: datetime
    seed: int = 20_26
    repairs: Mapping[str, Sequence[datetime]] = field(default_factory=dict)


FAULTS: tuple[FaultPlan, ...] = (
    FaultPlan("P-101A", "bearing wear", -44.0, -32.6, -32.2,
              "Outer race of the drive-end bearing spalled. Bearing and coupling replaced."),
    FaultPlan("P-302A", "cavitation", -39.5, -34.0, -35.8,
              "Suction strainer half blocked by polymer. Strainer cleaned, level adjusted."),
    FaultPlan("P-505", "seal leak", -36.0, -21.5, -21.1,
              "Mechanical seal face scored. Cartridge seal replaced, flush line cleaned."),
    FaultPlan("M-301B", "overheating", -30.0, -25.3, -24.9,
              "Cooling air inlet clogged. Cleaned; insulation resistance measured, good."),
    FaultPlan("F-201", "stuck sensor", -24.3, -24.3, -20.4,
              "Transmitter frozen at its last value. Replaced and calibrated.",
              sensor="bearing_temperature"),
    FaultPlan("K-401", "bearing wear", -12.0, 5.0, 5.4,
              "Thrust bearing pads wiped. Pads replaced, lube oil filter changed."),
    FaultPlan("P-221", "seal leak", -10.0, 6.0, 6.3,
              "Seal leaking past the secondary O-ring. Cartridge seal replaced."),
    FaultPlan("G-501", "overheating", -6.0, 4.0, 4.4,
              "Oil cooler fouled with dust. Cooler cleaned, oil changed."),
    FaultPlan("GN-602", "reversed cooling", -7.0, 6.0, 6.3,
              "Damper of the cooling air closed under load: action of the positioner corrected."),
    FaultPlan("P-301A", "cavitation", -2.6, 2.5, 2.8,
              "Suction valve not fully open after the tank change. Opened, tagged."),
    FaultPlan("CH-221", "stuck sensor", -2.2, -2.2, 8.0,
              "Transmitter frozen at its last value. Replaced and calibrated.",
              sensor="power"),
)  # fmt: skip

# tag, days from the anchor, hours, reason
PLANNED_STOPS: tuple[tuple[str, float, float, str], ...] = (
    ("P-301A", -41.1, 5.0, "Mechanical seal replacement"),
    ("P-302A", -35.98, 4.3, "Suction strainer cleaning"),
    ("K-601", -27.4, 6.0, "Oil change and filter"),
    ("G-301", -26.25, 4.0, "Repair of the shaft seal"),
    ("CV-421", -18.6, 5.0, "Belt splice repair"),
    ("GN-602", -15.3, 9.0, "2,000 h service"),
    ("K-202", -8.5, 4.0, "Pressure vessel inspection"),
    ("CV-502", -5.2, 3.0, "Screen change"),
)

_DOWN_REASON: dict[FailureMode, str] = {
    "bearing wear": "Tripped on high vibration",
    "cavitation": "Tripped on low discharge pressure",
    "seal leak": "Stopped by the operator: seal leaking",
    "overheating": "Tripped on high temperature",
    "reversed cooling": "Tripped on high winding temperature",
    "stuck sensor": "",
}


def _cycles(anchor: datetime, until: datetime) -> Iterator[datetime]:
    cycle = anchor
    while cycle - PERIOD < until:
        yield cycle
        cycle += PERIOD


def faults(scenario: Scenario, until: datetime) -> list[Fault]:
    """Return every fault that starts before `until`, in order of start."""
    found: list[Fault] = []
    for cycle in _cycles(scenario.anchor, until):
        for plan in FAULTS:
            fault = Fault(
                tag=plan.tag,
                mode=plan.mode,
                start=cycle + timedelta(days=plan.start),
                failure=cycle + timedelta(days=plan.failure),
                repaired=cycle + timedelta(days=plan.repaired),
                finding=plan.finding,
                sensor=plan.sensor,
            )
            repairs = [at for at in scenario.repairs.get(plan.tag, ()) if fault.start <= at]
            if fault.start < until:
                found.append(replace(fault, repaired=min([fault.repaired, *repairs])))
    return sorted(found, key=lambda fault: fault.start)


def stops(scenario: Scenario, until: datetime) -> list[Stop]:
    """Return every stop that starts before `until`, planned or after a failure, by start."""
    found = [
        Stop(
            fault.tag, fault.failure, fault.repaired, planned=False, reason=_DOWN_REASON[fault.mode]
        )
        for fault in faults(scenario, until)
        if fault.failed
    ]
    for cycle in _cycles(scenario.anchor, until):
        for tag, day, hours, reason in PLANNED_STOPS:
            start = cycle + timedelta(days=day)
            found.append(
                Stop(tag, start, start + timedelta(hours=hours), planned=True, reason=reason)
            )
    return sorted((stop for stop in found if stop.start < until), key=lambda stop: stop.start)
