"""Job plans of the demo plant: what each kind of its work consists of."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from maintenance.models import JobPlan, JobPlanPart, JobPlanTask, Part
from opssight.accounts.models import Organization

Task = dict[str, Any]
_LOCK_OUT = "Lock out and tag. Try to start the machine before you touch it."


class Planned(NamedTuple):
    """One plan. `minutes` of labor at one asset, `parts` by number."""

    code: str
    title: str
    kind: str
    minutes: int
    skill: str
    tasks: tuple[Task, ...]
    parts: tuple[tuple[str, int], ...] = ()
    failure_mode: str = ""
    tools: tuple[str, ...] = ()
    permits: tuple[str, ...] = ()
    safety: str = ""
    outage: bool = False
    signature: bool = False


def _check(text: str) -> Task:
    return {"text": text, "kind": "check"}


def _judge(text: str) -> Task:
    """Pass or fail; a failure opens a corrective order."""
    return {"text": text, "kind": "pass_fail", "opens_corrective": True}


def _number(text: str, unit: str, low: float | None = None, high: float | None = None) -> Task:
    return {"text": text, "kind": "number", "unit": unit, "low": low, "high": high}


def _words(text: str) -> Task:
    return {"text": text, "kind": "text"}


def _photo(text: str) -> Task:
    return {"text": text, "kind": "photo", "is_required": False}


def _reading(text: str, key: str, unit: str, high: float, *, required: bool = True) -> Task:
    return {
        "text": text, "kind": "reading", "sensor_key": key, "unit": unit, "high": high,
        "is_required": required,
    }  # fmt: skip


_INSPECTION = Planned(
    "IN-01", "Visual inspection round", "inspection", 20, "mechanical",
    (
        _judge("Guards are complete and tight"),
        _judge("No leak at seals, flanges and drains"),
        _judge("No unusual noise, smell or vibration"),
        _judge("Label and QR code can be read"),
        _photo("Whatever looks unusual"),
    ),
    safety="Hearing protection. Stay outside the guards.",
)  # fmt: skip
_GREASE = Planned(
    "LU-01", "Grease bearings", "preventive", 30, "lubrication",
    (
        _check("Grease nipples wiped clean"),
        _number("Grease pumped into each bearing", "g", 5, 60),
        _judge("No play and no noise at the bearings"),
        _reading("Bearing temperature after an hour", "bearing_temperature", "°C", 95,
                 required=False),
    ),
    (("GR-018", 1),), tools=("Grease gun",),
)  # fmt: skip
_OIL = Planned(
    "LU-02", "Oil change and filter", "preventive", 90, "lubrication",
    (
        _check("Oil sample taken and labeled"),
        _check("Filter changed"),
        _number("Oil filled in", "l", 5, 60),
        _words("What was on the magnetic plug"),
        _judge("No leak after ten minutes of running"),
    ),
    (("FI-200", 1), ("OI-046", 12)), tools=("Drain pan", "Filter wrench"),
    permits=("Lock-out",), safety=_LOCK_OUT, outage=True,
)  # fmt: skip
_INSULATION = Planned(
    "EL-01", "Insulation resistance test", "preventive", 60, "electrical",
    (
        _check("Terminal box opened, cables taken off"),
        _number("Insulation resistance of the lowest winding, after one minute", "MΩ", 100),
        _number("Temperature of the winding", "°C", -20, 60),
        _check("Cables back, torque marked"),
    ),
    tools=("Insulation tester, 1,000 V",), permits=("Electrical isolation",),
    safety=f"{_LOCK_OUT} Discharge the winding after the test.", outage=True,
)  # fmt: skip
_STATUTORY = Planned(
    "IN-02", "Statutory inspection of pressure equipment", "inspection", 240, "inspection",
    (
        _check("Last report and drawings at hand"),
        _judge("Safety valve: seal unbroken, date valid"),
        _number("Thinnest wall", "mm", 6),
        _words("Number of the report"),
    ),
    tools=("Ultrasonic gauge",), permits=("Opening of a line",),
    safety="Depressurized, drained and blinded before anything is opened.", signature=True,
)  # fmt: skip
_CALIBRATION = Planned(
    "CA-01", "Calibrate transmitters", "calibration", 75, "instrumentation",
    (
        _check("Loop taken out of control, control room told"),
        _number("Error as found, of span", "%", -2, 2),
        _number("Error as left, of span", "%", -0.5, 0.5),
        _check("Loop back in control"),
    ),
    tools=("Calibrator",),
)  # fmt: skip
_ROUTE = Planned(
    "VB-01", "Vibration route", "inspection", 15, "vibration",
    (
        _reading("Vibration, drive end", "vibration", "mm/s", 7.1),
        _judge("No rubbing and no knocking"),
    ),
    tools=("Hand-held analyzer",), safety="Stay outside the guards.",
)  # fmt: skip
_WATER = Planned(
    "WT-01", "Water treatment and Legionella round", "inspection", 25, "mechanical",
    (
        _number("Free chlorine", "mg/l", 0.1, 1.0),
        _number("pH", "", 6.5, 9.0),
        _judge("No slime and no scale at the strainer"),
    ),
    tools=("Photometer",), safety="Mask against aerosols at the tower.",
)  # fmt: skip
_MONTHLY = Planned(
    "SV-01", "Compressor service, monthly", "preventive", 60, "mechanical",
    (
        _check("Condensate drains tried"),
        _judge("Belt and coupling: no wear"),
        _number("Pressure drop over the air filter", "mbar", 0, 50),
    ),
)  # fmt: skip
_ANNUAL = Planned(
    "SV-12", "Compressor service, annual", "preventive", 420, "mechanical",
    (
        _check("Everything of the monthly service"),
        _check("Oil, oil filter and separator changed"),
        _number("Runout of the shaft", "mm", 0, 0.05),
        _judge("Safety valve opens at its pressure"),
        _photo("Rotor, as found"),
        _words("What is to be ordered for next year"),
    ),
    (("FI-200", 2), ("FI-310", 1), ("OI-046", 40)), tools=("Dial gauge", "Torque wrench"),
    permits=("Lock-out", "Hot work"), safety=_LOCK_OUT, outage=True, signature=True,
)  # fmt: skip
_BEARINGS = Planned(
    "CM-01", "Replace the bearings", "corrective", 180, "mechanical",
    (
        _check("Locked out, tagged and tried"),
        _photo("Bearing, as found"),
        _number("Runout of the shaft", "mm", 0, 0.05),
        _reading("Vibration after the start", "vibration", "mm/s", 4.5),
        _words("What was found"),
    ),
    (("BR-6310", 1),), "bearing wear", ("Induction heater", "Bearing puller"),
    ("Lock-out",), _LOCK_OUT, outage=True,
)  # fmt: skip
_SEAL = Planned(
    "CM-02", "Replace the mechanical seal", "corrective", 150, "mechanical",
    (
        _check("Drained, flushed and locked out"),
        _check("Cartridge seal set, flush line cleaned"),
        _judge("No leak after an hour"),
        _words("What was found"),
    ),
    (("SL-040", 1),), "leak", ("Torque wrench",),
    ("Lock-out", "Opening of a line"), _LOCK_OUT, outage=True,
)  # fmt: skip
_COOLING = Planned(
    "CM-03", "Clean the cooling", "condition_based", 120, "mechanical",
    (
        _check("Inlet, fins and cooler cleaned"),
        _check("Filter element changed"),
        _words("What was found"),
    ),
    (("FI-310", 1),), "overheating", ("Compressed air",), ("Lock-out",), _LOCK_OUT,
)  # fmt: skip
_SUCTION = Planned(
    "CM-04", "Clear the suction", "condition_based", 120, "mechanical",
    (
        _judge("Suction valve fully open"),
        _check("Strainer cleaned"),
        _number("Level in the suction tank", "%", 30, 95),
        _words("What was found"),
    ),
    failure_mode="cavitation", permits=("Opening of a line",),
    safety="The line may hold product under pressure.",
)  # fmt: skip
_SENSOR = Planned(
    "CM-05", "Replace the transmitter", "inspection", 60, "instrumentation",
    (
        _check("Wiring and supply measured"),
        _check("Transmitter replaced and calibrated"),
        _words("What was found"),
    ),
    (("SE-100", 1),), "sensor fault", ("Calibrator",),
)  # fmt: skip

PLANS = (
    _INSPECTION, _GREASE, _OIL, _INSULATION, _STATUTORY, _CALIBRATION, _ROUTE, _WATER, _MONTHLY,
    _ANNUAL, _BEARINGS, _SEAL, _COOLING, _SUCTION, _SENSOR,
)  # fmt: skip


def create_job_plans(*, organization: Organization) -> dict[str, JobPlan]:
    """Make every plan with its tasks and parts, which the store has; plans by code."""
    plans = JobPlan.objects.bulk_create(
        JobPlan(
            organization=organization,
            code=row.code,
            title=row.title,
            maintenance_type=row.kind,
            failure_mode=row.failure_mode,
            estimated_minutes=row.minutes,
            skills=[row.skill],
            tools=list(row.tools),
            permits=list(row.permits),
            safety_notes=row.safety,
            needs_outage=row.outage,
            needs_signature=row.signature,
        )
        for row in PLANS
    )
    by_code = {plan.code: plan for plan in plans}
    JobPlanTask.objects.bulk_create(_tasks(by_code))
    parts = {part.number: part for part in Part.objects.filter(organization=organization)}
    JobPlanPart.objects.bulk_create(
        JobPlanPart(
            organization=organization,
            job_plan=by_code[row.code],
            part=parts[number],
            quantity=Decimal(quantity),
        )
        for row in PLANS
        for number, quantity in row.parts
    )
    return by_code


def _tasks(plans: dict[str, JobPlan]) -> Iterable[JobPlanTask]:
    for row in PLANS:
        plan = plans[row.code]
        for position, task in enumerate(row.tasks, start=1):
            yield JobPlanTask(
                organization_id=plan.organization_id, job_plan=plan, position=position, **task
            )
