"""From a distance to a probability: each channel's own histogram, with an exponential tail.

Bins of a quarter octave follow the largest distance; the weight of a reading halves in about 5,700
readings. Beyond the upper tenth (DuMouchel 1983), twice as far is rarer by a constant factor (peaks
over threshold; Siffer et al. 2017, "Anomaly detection in streams with extreme value theory"). What
8,192 readings cannot tell is not claimed: no probability counts as smaller than 1 in 10,000.
Compiled into `kernel.run`.
"""

import math

from numba import njit

from anomalies.detectors.base import WARM_UP, Floats
from anomalies.detectors.streaming.memory import BINS, One
from anomalies.detectors.streaming.signal import GROWTH

TAIL = 0.1
MEMORY = 8192.0
"""Readings that the histograms look back."""

CAP = 4.0
"""Largest -log10 p of a channel: below the alarm line, so that no channel raises one alone."""

REFIT = 20
LN10 = math.log(10.0)


@njit(cache=False)
def _count_in(one: One, channel: int, distance: float) -> None:
    """Add a distance to the channel's histogram, whose bins follow the largest distance."""
    one.weight[channel] += 1.0
    if distance <= 0.0:
        return
    if one.anchor[channel] == 0.0:
        one.anchor[channel] = distance
        one.top[channel] = BINS // 2
    octaves = math.log2(distance / one.anchor[channel])
    at = one.top[channel] + math.floor(4.0 * octaves)
    if at >= BINS:
        _shift(one.bins[channel], at - BINS + 1)
        one.top[channel] -= at - BINS + 1
    one.bins[channel, min(max(at, 0), BINS - 1)] += 1.0


@njit(cache=False)
def _shift(bins: Floats, steps: int) -> None:
    """Make room at the top; what falls out at the bottom gathers in the lowest bin."""
    steps = min(steps, BINS - 1)
    below = bins[: steps + 1].sum()
    for at in range(1, BINS):
        bins[at] = bins[at + steps] if at + steps < BINS else 0.0
    bins[0] = below


@njit(cache=False)
def _fit(one: One, channel: int, least: float) -> None:
    """Where the upper tenth begins, and how far it reaches beyond that on average."""
    bins, share, at = one.bins[channel], 0.0, BINS - 1
    while at > 0 and share < TAIL * one.weight[channel]:
        if share > 0.0 and share + bins[at] > TAIL * one.weight[channel]:
            break
        share += bins[at]
        at -= 1
    edge = one.anchor[channel] * 2.0 ** ((at + 1 - one.top[channel]) / 4.0)
    middle, excess = edge * 2.0**0.125, 0.0
    for above in range(at + 1, BINS):
        excess += bins[above] * (middle - edge)
        middle *= 2.0**0.25
    one.line[channel] = edge if share > 0.0 else 0.0
    one.excess[channel] = max(excess / share if share > 0.0 else 0.0, least + 1e-3 * edge)
    if share < 3.0:
        one.excess[channel] = max(one.excess[channel], 0.1 * edge)
    one.share[channel] = max(share, 1.0) / max(one.weight[channel], 1.0)


@njit(cache=False)
def surprise(one: One, channel: int, distance: float, least: float) -> float:
    """-log10 of the probability of a distance so large, at most `CAP`; then learn it.

    It is 0 until the channel has seen a hundred distances of its own.
    """
    surprise = 0.0
    if one.share[channel] > 0.0 and distance > one.line[channel]:
        beyond = (distance - one.line[channel]) / max(one.excess[channel], least)
        surprise = min((beyond - math.log(one.share[channel])) / LN10, CAP)
    if one.share[channel] > 0.0:
        distance = min(distance, GROWTH * (one.line[channel] + max(one.excess[channel], least)))
    _count_in(one, channel, distance)
    if (one.count + 1) % 256 == 0 and one.weight[channel] > MEMORY / 2.0:
        kept = 1.0 - 256.0 / MEMORY
        one.weight[channel] *= kept
        for at in range(BINS):
            one.bins[channel, at] *= kept
    if one.weight[channel] >= WARM_UP and (one.count + 1) % REFIT == 0:
        _fit(one, channel, least)
    return surprise
