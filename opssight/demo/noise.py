"""Randomness as a function of place and time: the same key and index always give the same number.

A generator with state would tie each value to all values before it. A hash needs no past, so any
window of time can be simulated alone, again, and in any order.
"""

import hashlib

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def key_of(*parts: object) -> int:
    """Return a 64-bit key for the parts, the same in every process and on every machine.

    >>> key_of(7, "P-101A", "flow") == key_of(7, "P-101A", "flow")
    True
    """
    text = "/".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def uniform(key: int, index: Ints) -> Floats:
    """Return one number in (0, 1) per index (splitmix64: Steele, Lea and Flood, 2014)."""
    z = index.astype(np.uint64) * _GAMMA + np.uint64(key)
    z = (z ^ (z >> np.uint64(30))) * _MIX_1
    z = (z ^ (z >> np.uint64(27))) * _MIX_2
    z = z ^ (z >> np.uint64(31))
    return ((z >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53


def white(key: int, index: Ints) -> Floats:
    """Return one standard normal number per index (Box and Muller, 1958)."""
    radius = np.sqrt(-2.0 * np.log(uniform(key, 2 * index)))
    angle: Floats = 2.0 * np.pi * uniform(key, 2 * index + 1)
    wave: Floats = radius * np.cos(angle)
    return wave


def smooth(key: int, seconds: Ints, period: int) -> Floats:
    """Return noise of mean 0 and deviation near 1 that wanders over `period` seconds."""
    node = seconds // period
    share = (seconds - node * period) / period
    weight = (1.0 - np.cos(np.pi * share)) / 2.0
    wander: Floats = white(key, node) * (1.0 - weight) + white(key, node + 1) * weight
    return wander * 1.15


def between(low: float, high: float, *parts: object) -> float:
    """Return one number in (low, high) that belongs to the parts."""
    share = uniform(key_of(*parts), np.zeros(1, dtype=np.int64))[0]
    return low + (high - low) * float(share)
