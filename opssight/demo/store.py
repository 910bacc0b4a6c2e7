"""The store of the demo plant: filled before the sixty days, and used by the work in them."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from maintenance.models import Part
from maintenance.services import store
from opssight.accounts.models import Organization
from opssight.demo.people import People


class Stocked(NamedTuple):
    number: str
    name: str
    unit: str
    bin: str
    cost: str
    minimum: int
    delivered: int


PARTS = (
    Stocked("BR-6310", "Deep groove ball bearing 6310-2RS", "pcs", "A-1", "48.20", 4, 10),
    Stocked("BR-6312", "Deep groove ball bearing 6312-C3", "pcs", "A-1", "64.90", 2, 2),
    Stocked("SL-040", "Mechanical seal, 40 mm", "pcs", "A-3", "212.00", 2, 7),
    Stocked("SL-055", "Mechanical seal, 55 mm", "pcs", "A-3", "286.50", 2, 1),
    Stocked("BE-1250", "V-belt SPA 1250", "pcs", "B-2", "17.80", 6, 14),
    Stocked("FI-200", "Oil filter, 10 µm", "pcs", "B-4", "23.40", 8, 36),
    Stocked("FI-310", "Air filter element", "pcs", "B-4", "71.00", 4, 9),
    Stocked("GR-018", "Grease LGHP 2, cartridge", "pcs", "C-1", "19.60", 12, 96),
    Stocked("OI-046", "Hydraulic oil ISO VG 46", "l", "C-2", "4.85", 60, 420),
    Stocked("SE-100", "Accelerometer, 100 mV/g", "pcs", "D-1", "395.00", 1, 4),
)


def create_store(*, organization: Organization, people: People, at: datetime) -> None:
    """Add the parts and book in what was delivered."""
    for row in PARTS:
        part = Part.objects.create(
            organization=organization,
            number=row.number,
            name=row.name,
            unit=row.unit,
            bin=row.bin,
            unit_cost=Decimal(row.cost),
            min_level=Decimal(row.minimum),
        )
        store.receive(part=part, quantity=Decimal(row.delivered), by=people.planner, at=at)
