"""What each kind of equipment measures, how it needs maintenance, and how it fails.

Values are typical of industrial practice; vibration limits follow the zones of ISO 20816-3
(velocity, RMS). Makers are invented.
"""

from dataclasses import dataclass
from typing import Literal

FailureMode = Literal[
    "bearing wear", "cavitation", "seal leak", "overheating", "reversed cooling", "stuck sensor"
]


@dataclass(frozen=True)
class SensorType:
    """How one quantity behaves. `base` is its value at normal load, in `unit`.

    load: share by which the value follows the load (1.0 = in proportion).
    ambient: units of change per °C of outside temperature.
    noise: standard deviation of the fast noise, in `unit`.
    low, high: alarm limits in `unit`. A limit scales with the asset's own base.
    thermal: cools toward the outside temperature over hours when the machine stops.
    """

    key: str
    quantity: str
    unit: str
    base: float
    load: float = 0.0
    ambient: float = 0.0
    noise: float = 0.0
    low: float | None = None
    high: float | None = None
    decimals: int = 2
    thermal: bool = False
    counter: bool = False


@dataclass(frozen=True)
class Effect:
    """What a fault of full severity does to a value: times `scale`, plus `shift`, more noise.

    follow: what is left of the share by which it follows the load.
    """

    scale: float = 1.0
    shift: float = 0.0
    noise: float = 0.0
    follow: float = 1.0


@dataclass(frozen=True)
class ScheduleType:
    """Preventive work that every asset of a category needs.

    every: count and unit. plan: the code of its job plan.
    """

    title: str
    every: tuple[int, Literal["weeks", "months", "years"]]
    mode: Literal["fixed", "floating"]
    minutes: int
    skill: str
    maintenance_type: str
    instructions: str
    plan: str


def _vibration(base: float, high: float) -> SensorType:
    return SensorType(
        "vibration", "vibration", "mm/s",
        base, load=0.25, noise=base * 0.05, high=high,
    )  # fmt: skip


def _temperature(
    key: str, base: float, high: float, load: float = 0.30, ambient: float = 0.25
) -> SensorType:
    return SensorType(
        key, "temperature", "°C",
        base, load=load, ambient=ambient, noise=0.35, high=high, decimals=1, thermal=True,
    )  # fmt: skip


def _current(base: float) -> SensorType:
    return SensorType(
        "current", "current", "A",
        base, load=0.8, noise=base * 0.015, high=base * 1.35, decimals=1,
    )  # fmt: skip


_HOURS = SensorType("running_hours", "running time", "h", 18000.0, counter=True)

SENSORS: dict[str, tuple[SensorType, ...]] = {
    "pump": (
        _vibration(2.1, 7.1),
        _temperature("bearing_temperature", 56.0, 85.0),
        SensorType("discharge_pressure", "pressure", "bar",
                   6.4, load=0.15, noise=0.05, low=4.2, high=8.5),
        SensorType("flow", "flow", "m³/h",
                   120.0, load=0.9, noise=1.4, low=55.0, decimals=1),
        _HOURS,
    ),
    "motor": (
        _vibration(1.4, 4.5),
        _temperature("winding_temperature", 78.0, 130.0, load=0.55),
        _current(145.0),
    ),
    "compressor": (
        _vibration(3.0, 9.0),
        _temperature("bearing_temperature", 68.0, 95.0),
        SensorType("discharge_pressure", "pressure", "bar",
                   8.2, load=0.05, noise=0.06, low=6.5, high=10.0),
        _temperature("discharge_temperature", 92.0, 125.0, load=0.35),
        _current(310.0),
        _HOURS,
    ),
    "fan": (
        _vibration(2.6, 7.1),
        _temperature("bearing_temperature", 48.0, 80.0),
        _current(62.0),
    ),
    "conveyor": (
        _current(48.0),
        SensorType("belt_speed", "speed", "m/s",
                   1.8, load=0.35, noise=0.012, low=0.8, high=2.6),
        _temperature("bearing_temperature", 44.0, 75.0),
        SensorType("throughput", "flow", "t/h",
                   85.0, load=1.0, noise=1.6, decimals=1),
    ),
    "heat exchanger": (
        SensorType("outlet_temperature", "temperature", "°C",
                   64.0, load=0.12, ambient=0.2, noise=0.3, high=85.0, decimals=1, thermal=True),
        SensorType("differential_pressure", "pressure", "mbar",
                   310.0, load=0.7, noise=5.0, high=620.0, decimals=0),
        SensorType("flow", "flow", "m³/h", 95.0, load=0.9, noise=1.2, decimals=1),
    ),
    "chiller": (
        SensorType("supply_temperature", "temperature", "°C",
                   7.0, load=0.10, ambient=0.02, noise=0.12, low=3.0, high=11.0),
        SensorType("condenser_pressure", "pressure", "bar",
                   9.5, load=0.2, ambient=0.06, noise=0.06, high=15.0),
        SensorType("power", "power", "kW",
                   180.0, load=0.9, ambient=1.6, noise=2.5, decimals=1),
        SensorType("flow", "flow", "m³/h",
                   210.0, load=0.3, noise=1.8, low=120.0, decimals=1),
    ),
    "generator": (
        _vibration(3.6, 11.0),
        _temperature("winding_temperature", 84.0, 140.0, load=0.6),
        _temperature("bearing_temperature", 66.0, 95.0),
        SensorType("power", "power", "kW", 1250.0, load=1.0, noise=12.0,
                   decimals=0),
        _HOURS,
    ),
    "gearbox": (
        _vibration(2.4, 7.1),
        _temperature("oil_temperature", 61.0, 90.0, load=0.45),
        SensorType("oil_pressure", "pressure", "bar",
                   2.6, load=0.05, noise=0.03, low=1.5),
    ),
    "agitator": (
        _vibration(1.9, 7.1),
        _current(74.0),
        SensorType("speed", "speed", "rpm", 96.0, load=0.1, noise=0.4, decimals=1),
    ),
}  # fmt: skip

# Sensors of a type that an asset does not have are left out, so one row serves all categories.
EFFECTS: dict[FailureMode, dict[str, Effect]] = {
    "bearing wear": {
        "vibration": Effect(scale=3.7, noise=0.35),
        "bearing_temperature": Effect(shift=21.0),
        "oil_temperature": Effect(shift=13.0),
        "current": Effect(scale=1.04),
    },
    "cavitation": {
        "discharge_pressure": Effect(scale=0.72, noise=0.35),
        "flow": Effect(scale=0.76, noise=5.0),
        "vibration": Effect(scale=1.9, noise=0.25),
    },
    "seal leak": {
        "discharge_pressure": Effect(scale=0.68),
        "flow": Effect(scale=0.74),
    },
    "overheating": {
        "bearing_temperature": Effect(shift=24.0),
        "winding_temperature": Effect(shift=44.0),
        "oil_temperature": Effect(shift=27.0),
        "discharge_temperature": Effect(shift=30.0),
        "current": Effect(scale=1.10),
    },
    # Each value stays as usual; only its relation to the others does not.
    "reversed cooling": {"winding_temperature": Effect(follow=-1.5)},
    "stuck sensor": {},
}

# Severity is the share of the way to failure, to this power: above 1 it starts slowly, then races.
GROWTH: dict[FailureMode, float] = {
    "bearing wear": 1.8,
    "cavitation": 0.7,
    "seal leak": 1.0,
    "overheating": 1.3,
    "reversed cooling": 0.5,
    "stuck sensor": 1.0,
}

_INSPECT = ScheduleType(
    title="Visual inspection round",
    every=(2, "weeks"),
    mode="fixed",
    minutes=20,
    skill="mechanical",
    maintenance_type="inspection",
    instructions="Look for leaks, noise, loose guards and missing labels. Report each finding.",
    plan="IN-01",
)
_GREASE = ScheduleType(
    title="Grease bearings",
    every=(6, "weeks"),
    mode="floating",
    minutes=30,
    skill="lubrication",
    maintenance_type="preventive",
    instructions="Wipe the nipples clean. Grease by the plate. Watch the temperature for an hour.",
    plan="LU-01",
)
_ELECTRICAL = ScheduleType(
    title="Insulation resistance test",
    every=(6, "months"),
    mode="floating",
    minutes=60,
    skill="electrical",
    maintenance_type="preventive",
    instructions="Lock out and tag. Measure each winding to earth for one minute. Note the lowest.",
    plan="EL-01",
)
_OIL = ScheduleType(
    title="Oil change and filter",
    every=(3, "months"),
    mode="floating",
    minutes=90,
    skill="lubrication",
    maintenance_type="preventive",
    instructions="Take an oil sample first. Drain warm. Change the filter. Refill to the mark.",
    plan="LU-02",
)
_PRESSURE = ScheduleType(
    title="Statutory inspection of pressure equipment",
    every=(1, "years"),
    mode="fixed",
    minutes=240,
    skill="inspection",
    maintenance_type="inspection",
    instructions="With the inspection body. Have the last report and the drawings at hand.",
    plan="IN-02",
)
_CALIBRATE = ScheduleType(
    title="Calibrate transmitters",
    every=(6, "months"),
    mode="fixed",
    minutes=75,
    skill="instrumentation",
    maintenance_type="calibration",
    instructions="Five points up and down. Adjust when outside 0.5 % of span.",
    plan="CA-01",
)

SCHEDULES: dict[str, tuple[ScheduleType, ...]] = {
    "pump": (_GREASE,),
    "motor": (_ELECTRICAL,),
    "compressor": (_OIL, _PRESSURE),
    "fan": (_GREASE,),
    "conveyor": (_INSPECT, _GREASE),
    "heat exchanger": (_PRESSURE,),
    "chiller": (_INSPECT, _CALIBRATE),
    "generator": (_OIL, _ELECTRICAL),
    "gearbox": (_OIL,),
    "agitator": (_INSPECT,),
}

MAKERS: dict[str, tuple[tuple[str, str], ...]] = {
    "pump": (("Aquilor Pumps", "CX 80-250"), ("Strömhagen", "NPK 100"), ("Deccan Hydro", "DH-45")),
    "motor": (("Kinetra Drives", "IE4-315"), ("Ostwerk Elektrik", "AM 280 M4")),
    "compressor": (("Torvane", "RS 160"), ("Torvane", "CG 4-2 (API)")),
    "fan": (("Velanto Air", "AX-1400"), ("Luftbau Nord", "RV 900")),
    "conveyor": (("Haulmark Systems", "HB-800"),),
    "heat exchanger": (("Plattenwerk Süd", "PW-M15"), ("Gulfline Thermal", "ST-24-96")),
    "chiller": (("Boreal Cooling", "WCX 600"),),
    "generator": (("Dynarova", "DG 1500"),),
    "gearbox": (("Zahnrad Ilsen", "H3-12"),),
    "agitator": (("Mixwell Process", "MW-90"),),
    "unit": (("", ""),),
    "system": (("", ""),),
}

# What a new one costs, in the currency of the organization.
VALUES: dict[str, int] = {
    "pump": 42_000,
    "motor": 28_000,
    "compressor": 310_000,
    "fan": 19_000,
    "conveyor": 96_000,
    "heat exchanger": 74_000,
    "chiller": 185_000,
    "generator": 640_000,
    "gearbox": 58_000,
    "agitator": 88_000,
}
