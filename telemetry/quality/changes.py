"""What a value becomes when its sender goes over to another unit."""

from dataclasses import dataclass

LIKELY = (0.4, 2.5)
"""Machines multiply a level by so much, too: where the unit is not known, that tells nothing."""


@dataclass(frozen=True, slots=True)
class Change:
    """A value x in `before` appears as `slope * x + offset` in `after`; both empty: any units."""

    before: str
    after: str
    slope: float
    offset: float = 0.0

    def of(self, value: float) -> float:
        return self.slope * value + self.offset

    def back(self, value: float) -> float:
        return (value - self.offset) / self.slope

    @property
    def words(self) -> str:
        if self.before:
            return f"{self.before} to {self.after}"
        return "a unit to its thousandth" if self.slope > 1 else "a unit to its thousandfold"

    @property
    def is_unlike_machines(self) -> bool:
        return abs(self.offset) > 200 or not LIKELY[0] <= self.slope <= LIKELY[1]


_THERE = (
    Change("°C", "°F", 1.8, 32.0),
    Change("°C", "K", 1.0, 273.15),
    Change("bar", "psi", 14.503774),
    Change("bar", "kPa", 100.0),
    Change("bar", "MPa", 0.1),
    Change("kPa", "psi", 0.14503774),
    Change("MPa", "psi", 145.03774),
    Change("in", "mm", 25.4),
    Change("in/s", "mm/s", 25.4),
    Change("m", "ft", 3.2808399),
    Change("kg", "lb", 2.2046226),
    Change("m/s", "km/h", 3.6),
    Change("gal/min", "l/min", 3.7854118),
    Change("l/s", "l/min", 60.0),
    Change("m³/h", "l/min", 1000 / 60),
    Change("m³/h", "gal/min", 4.4028675),
    Change("m³/h", "m³/s", 1 / 3600),
    Change("Hz", "rpm", 60.0),
    Change("h", "min", 60.0),
    Change("h", "s", 3600.0),
    Change("fraction", "%", 100.0),
    Change("", "", 1000.0),
)
CHANGES = (
    *_THERE,
    *(Change(it.after, it.before, 1 / it.slope, -it.offset / it.slope) for it in _THERE),
)
"""Factors of the International System of Units (NIST SP 811, appendix B), there and back."""

_SPELLINGS = {
    "c": "°c",
    "degc": "°c",
    "celsius": "°c",
    "f": "°f",
    "degf": "°f",
    "inch": "in",
    "ips": "in/s",
    "gpm": "gal/min",
    "lpm": "l/min",
    "m3/h": "m³/h",
    "m^3/h": "m³/h",
    "1/min": "rpm",
    "1/s": "hz",
    "lbs": "lb",
    "psig": "psi",
    "barg": "bar",
    "bar(g)": "bar",
}


def possible(unit: str) -> list[int]:
    """Places in `CHANGES` of those that a sensor of this unit can undergo.

    Of a unit that none of them names, all those by which machines do not change a level.

    >>> [CHANGES[place].words for place in possible("mm/s")]
    ['a unit to its thousandth', 'mm/s to in/s', 'a unit to its thousandfold']
    >>> "kg to lb" in [CHANGES[place].words for place in possible("")]
    False
    """
    plain = unit.strip().lower()
    plain = _SPELLINGS.get(plain, plain)
    named = {it.before.lower() for it in CHANGES if it.before}
    return [
        place
        for place, it in enumerate(CHANGES)
        if not it.before
        or (it.before.lower() == plain if plain in named else it.is_unlike_machines)
    ]
