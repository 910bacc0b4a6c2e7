"""Readings of Sparkplug B: births name the metrics, data messages speak of them by alias.

Names are `<group>/<edge node>[/<device>]/<metric>`. Times are milliseconds since 1970 on the wire
and microseconds here. Historical values are readings like any other. What is no number (texts,
data sets, templates, files) and null are no readings.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from telemetry.formats.payloads import Readings
from telemetry.formats.sparkplug_wire import (
    BadMessage,
    Metric,
    Payload,
    decode,
    number,
    rebirth,
)

__all__ = ["ASK_AGAIN", "BadMessage", "Command", "Host", "is_sparkplug"]

NAMESPACE = "spBv1.0"
NODES, ALIASES = 1_000, 10_000
ASK_AGAIN = 300.0
"""Seconds after which a node that sent no birth is asked once more."""

_ABOUT_THE_NODE = ("Node Control/", "Device Control/", "Node Info/")
_BIRTHS, _DATA, _DEATHS = ("NBIRTH", "DBIRTH"), ("NDATA", "DDATA"), ("NDEATH", "DDEATH")


@dataclass(frozen=True, slots=True)
class Command:
    """A message for a node."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class _Known:
    """What a birth said of an alias."""

    name: str
    datatype: int
    unit: str


@dataclass(slots=True)
class _Node:
    """An edge node: aliases are its own, over all of its devices."""

    aliases: dict[int, _Known] = field(default_factory=dict)
    names: dict[str, _Known] = field(default_factory=dict)
    asked: float | None = None


def is_sparkplug(topic: str) -> bool:
    return topic.startswith(f"{NAMESPACE}/")


class Host:
    """What a listener remembers of the nodes; the longest silent are forgotten beyond `NODES`."""

    def __init__(self) -> None:
        self._nodes: OrderedDict[tuple[str, str], _Node] = OrderedDict()

    def read(self, topic: str, data: bytes, *, now: float) -> tuple[Readings, Command | None]:
        """Readings of a message, their fields being whole names, and what to ask the node.

        Raises BadMessage. now: seconds since 1970.
        """
        levels = topic.split("/")
        if len(levels) not in (4, 5) or not all(levels):
            return Readings(), None
        _, group, kind, edge, *device = levels
        if kind not in (*_BIRTHS, *_DATA, *_DEATHS):
            return Readings(), None
        node = self._node(group, edge)
        if kind in _DEATHS:
            if kind == "NDEATH":
                del self._nodes[group, edge]
            return Readings(), None
        payload = decode(data)
        prefix = "/".join([group, edge, *device])
        if kind == "NBIRTH":
            node.aliases, node.names, node.asked = {}, {}, None
        if kind in _BIRTHS:
            _learn(node, prefix, payload)
        readings, complete = _readings(node, prefix, payload)
        return readings, None if complete else self._ask(node, group, edge, now)

    def _node(self, group: str, edge: str) -> _Node:
        node = self._nodes.setdefault((group, edge), _Node())
        self._nodes.move_to_end((group, edge))
        if len(self._nodes) > NODES:
            self._nodes.popitem(last=False)
        return node

    def _ask(self, node: _Node, group: str, edge: str, now: float) -> Command | None:
        if node.asked is not None and now - node.asked < ASK_AGAIN:
            return None
        node.asked = now
        return Command(f"{NAMESPACE}/{group}/NCMD/{edge}", rebirth(int(now * 1000)))


def _learn(node: _Node, prefix: str, payload: Payload) -> None:
    for metric in payload.metrics:
        name = f"{prefix}/{metric.name}"
        known = _Known(name, metric.datatype, metric.unit)
        if len(node.names) < ALIASES:
            node.names[name] = known
        if metric.alias is not None and len(node.aliases) < ALIASES:
            node.aliases[metric.alias] = known


def _readings(node: _Node, prefix: str, payload: Payload) -> tuple[Readings, bool]:
    """Readings, and whether the node's births explain every metric."""
    readings, complete = Readings(), True
    for metric in payload.metrics:
        known = _meant(node, prefix, metric)
        if known is None:
            complete = False
            readings.problems.append(f"The alias {metric.alias} is of no birth that was heard.")
            continue
        value = None if metric.value is None else number(known.datatype, metric.value)
        if value is None or _is_about_the_node(known.name, prefix):
            continue
        time = metric.time if metric.time is not None else payload.time
        if time is not None and time >= 2**52:
            readings.problems.append(f"{known.name}: the time {time} ms is out of reach.")
            continue
        moment = None if time is None else time * 1000
        readings.add(known.name, (moment, False), value, known.unit)
    return readings, complete


def _meant(node: _Node, prefix: str, metric: Metric) -> _Known | None:
    """What a metric is: a name of its own counts, a datatype left out is that of the birth."""
    if not metric.name:
        return None if metric.alias is None else node.aliases.get(metric.alias)
    name = f"{prefix}/{metric.name}"
    born = node.names.get(name)
    if metric.datatype:
        return _Known(name, metric.datatype, metric.unit or (born.unit if born else ""))
    return born


def _is_about_the_node(name: str, prefix: str) -> bool:
    metric = name.removeprefix(f"{prefix}/")
    return metric == "bdSeq" or metric.startswith(_ABOUT_THE_NODE)
