"""Words for how things fail, offered to whoever completes a repair; any other word may be typed.

The modes are those of ISO 14224:2016, annex B.2.6, for the classes that the categories name.
"""

from maintenance.models import Recommendation, WorkOrder

OF_ALL = (
    "breakdown",
    "noise",
    "overheating",
    "structural deficiency",
    "parameter deviation",
    "abnormal instrument reading",
    "minor in-service problems",
)
ROTATING = ("vibration", "fail to start on demand", "fail to stop on demand", "spurious stop")
LEAKS = ("external leakage of process medium", "external leakage of utility medium")
BY_CATEGORY: dict[str, tuple[str, ...]] = {
    "pump": (*ROTATING, *LEAKS, "internal leakage", "low output", "high output", "erratic output"),
    "compressor": (*ROTATING, *LEAKS, "internal leakage", "low output", "high output"),
    "motor": (*ROTATING, "low output", "erratic output"),
    "generator": (*ROTATING, "fail to synchronize", "faulty output voltage", "low output"),
    "turbine": (*ROTATING, *LEAKS, "low output", "high output"),
    "fan": (*ROTATING, "low output"),
    "gearbox": ("vibration", "external leakage of utility medium", "low oil supply pressure"),
    "heat exchanger": (*LEAKS, "internal leakage", "insufficient heat transfer", "plugged"),
    "valve": (
        *LEAKS,
        "fail to open on demand",
        "fail to close on demand",
        "leakage in closed position",
        "delayed operation",
        "spurious operation",
    ),
    "conveyor": (*ROTATING, "low output", "plugged"),
    "tank": (*LEAKS, "plugged"),
    "boiler": (*LEAKS, "insufficient heat transfer", "plugged"),
    "transformer": ("external leakage of utility medium", "faulty output voltage", "short circuit"),
    "sensor": ("fail to function on demand", "erratic output", "no output", "spurious operation"),
}


def suggested(work_order: WorkOrder) -> list[str]:
    """What was expected of this order first, then the modes of its asset's category, then all."""
    advised = Recommendation.objects.filter(work_order=work_order).values_list("failure_mode")
    expected = [mode for (mode,) in advised.order_by("pk")]
    category = work_order.asset.category.strip().lower()
    known = next((BY_CATEGORY[name] for name in BY_CATEGORY if name in category), ())
    return list(dict.fromkeys((*expected, *known, *OF_ALL)))
