"""Limits that standards give, as templates. Only the figures, with where they are from.

Velocity of vibration in mm/s RMS, broadband, on bearing housings. Zone A is that of new machines,
B allows unlimited operation, C limited operation until there is an opportunity for repair, D is
severe enough to damage the machine. The high limit is the boundary B/C, the high-high one C/D.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Zones:
    """A machine class of a standard: boundaries A/B, B/C and C/D in mm/s RMS."""

    code: str
    name: str
    machines: str
    source: str
    a_b: float
    b_c: float
    c_d: float
    category: str = ""
    quantity: str = "vibration"
    unit: str = "mm/s"

    @property
    def note(self) -> str:
        """
        >>> STANDARDS[0].note
        'ISO 10816-3:2009, table A.1; ISO 20816-3 has replaced it. Large machines, 300 kW to 50 MW,
        or motors with a shaft height of 315 mm and more, on rigid supports. Velocity in mm/s RMS:
        zone A up to 2.3, B up to 4.5, C up to 7.1, D above.'
        """
        return (
            f"{self.source}. {self.machines}. Velocity in {self.unit} RMS: zone A up to {self.a_b},"
            f" B up to {self.b_c}, C up to {self.c_d}, D above."
        )


_LARGE = (
    "Large machines, 300 kW to 50 MW, or motors with a shaft height of 315 mm and more, on {} "
    "supports"
)
_MEDIUM = (
    "Medium machines, 15 to 300 kW, or motors with a shaft height of 160 to 315 mm, on {} supports"
)
_PART_3 = "ISO 10816-3:2009, table A.{}; ISO 20816-3 has replaced it"
_PART_7 = "ISO 10816-7:2009, table A.1"
_ONE = "Pumps of high reliability, availability or safety (category I), {} 200 kW"
_TWO = "Pumps for general use (category II), {} 200 kW"


def _part_3(code: str, group: int, support: str, *zones: float) -> Zones:
    a_b, b_c, c_d = zones
    machines = (_LARGE if group == 1 else _MEDIUM).format(support)
    name = f"ISO 10816-3 group {group}, {support}"
    return Zones(
        f"iso-10816-3-{code}", name, machines, _PART_3.format(group), a_b=a_b, b_c=b_c, c_d=c_d
    )


def _part_7(code: str, size: str, machines: str, *zones: float) -> Zones:
    a_b, b_c, c_d = zones
    name = f"ISO 10816-7 category {'I' * int(code[0])} {size} 200 kW"
    source, machines = _PART_7, machines.format(size)
    code = f"iso-10816-7-{code}"
    return Zones(code, name, machines, source, a_b=a_b, b_c=b_c, c_d=c_d, category="pump")


STANDARDS = (
    _part_3("1-rigid", 1, "rigid", 2.3, 4.5, 7.1),
    _part_3("1-flexible", 1, "flexible", 3.5, 7.1, 11.0),
    _part_3("2-rigid", 2, "rigid", 1.4, 2.8, 4.5),
    _part_3("2-flexible", 2, "flexible", 2.3, 4.5, 7.1),
    _part_7("1-small", "up to", _ONE, 2.5, 4.0, 6.6),
    _part_7("1-large", "over", _ONE, 3.5, 5.0, 7.6),
    _part_7("2-small", "up to", _TWO, 3.2, 5.1, 8.5),
    _part_7("2-large", "over", _TWO, 4.2, 6.1, 9.5),
)
BY_CODE = {zones.code: zones for zones in STANDARDS}
