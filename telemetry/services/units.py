"""Units as people and machines write them, and values brought from one to another."""

import re
from functools import cache, lru_cache

import numpy as np
import pint
from pint.errors import PintError

from assets.binary import Floats

# What pint reads as something else or not at all: Nm as a number times a meter, cfm as femtometers.
_FIELD_UNITS = (
    "newton_meter = newton * meter = Nm",
    "cubic_foot_per_minute = foot ** 3 / minute = cfm",
    "gallon_per_minute = gallon / minute = gpm",
    "volt_ampere_reactive = volt * ampere = var",
    "piece = count = pcs",
    "@alias revolution = rev",
)
# Names, of which each has at most one power, of two digits: no unit makes its reader work for long.
_READABLE = re.compile(
    r"(?:(?<=[^\W\d])(?:\^|\*\*)-?[0-9]{1,2}(?![0-9])|[^\W\d]\w*+|[°%‰℃℉]\w*+|1(?!\w)|[*/. ()])*+"
)
_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_SUPERSCRIPTS = re.compile("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_LETTERS_AND_POWER = re.compile(r"\b([^\W\d_]+)([23])\b")


class UnitProblem(Exception):
    """Why values of one unit cannot become values of the other, for people."""


@cache
def _registry() -> "pint.UnitRegistry[float]":
    registry: pint.UnitRegistry[float] = pint.UnitRegistry(on_redefinition="ignore")
    for line in _FIELD_UNITS:
        registry.define(line)
    return registry


@lru_cache(maxsize=4096)
def _unit(text: str) -> "pint.Unit | None":
    text = _SUPERSCRIPTS.sub(lambda found: "^" + found[0].translate(_RAISED), text)
    text = text.replace("·", "*").replace("⋅", "*")
    if not _READABLE.fullmatch(text):
        return None
    for spelling in (text, _LETTERS_AND_POWER.sub(r"\1^\2", text)):
        try:
            return _registry().parse_units(spelling)
        except Exception:  # noqa: S112 pint lets through whatever its parts raise
            continue
    return None


@lru_cache(maxsize=4096)
def problem(source: str, target: str) -> str | None:
    """Why values in `source` cannot be stored in `target`; None when they can.

    source: empty where the sender says none, who then sends in the sensor's unit.
    Turns do not become cycles: 50 Hz are not 50 rpm, and what pint makes of them is neither.
    """
    if source in ("", target):
        return None
    if not target:
        return f"the sensor states no unit, so {source!r} cannot be converted: give it a unit"
    units = _unit(source), _unit(target)
    for text, unit in zip((source, target), units, strict=True):
        if unit is None:
            return f"the unit {text!r} is not known, and the sensor's is {target!r}"
    one, other = units
    assert one is not None  # noqa: S101
    assert other is not None  # noqa: S101
    if one == other:
        return None
    if not _is_straight(one, other):
        return f"{source!r} cannot be converted to {target!r}, the sensor's unit"
    return None


def _is_straight(one: pint.Unit, other: pint.Unit) -> bool:
    """Whether a factor, and perhaps an offset, leads from one to the other; decibels have none."""
    registry = _registry()
    try:
        if registry.get_root_units(one)[1] != registry.get_root_units(other)[1]:
            return False
        start, middle, end = registry.convert(np.array([0.0, 1.0, 2.0]), one, other)
    except (PintError, ArithmeticError):
        return False
    return bool(np.isclose(middle - start, end - middle))


def convert(values: Floats, source: str, target: str) -> Floats:
    """Values in `source` as values in `target`; only after `problem` found nothing."""
    one, other = _unit(source), _unit(target)
    if source == target or one is None or other is None or one == other:
        return values
    with np.errstate(over="ignore", invalid="ignore"):
        converted: Floats = _registry().convert(values, one, other)
    return converted
