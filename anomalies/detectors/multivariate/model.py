"""What is learned of one asset, and where its stream stands; both as bytes without pickle."""

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from anomalies.detectors.base import Floats, UnknownState
from anomalies.detectors.multivariate.kernel import LAGS

MAGIC = b"MV02"
_HEAD = struct.Struct("<4sI")
_LARGEST_HEADER = 1_000_000


@dataclass(frozen=True, slots=True)
class AssetModel:
    """A fitted asset of d channels; `modes` is the number m of its operating modes, 1 or more.

    channels    names of the d channels judged, in the order of the columns of an input row
    unused      names of channels left out, constant or mostly missing in the baseline
    settings    names of the s channels that set the operating mode; none where m is 1
    mode_at     (m, s) settings of each mode
    mode_reach  (s,) how far from there a setting may be
    center      (m, d) mean of each channel in each mode, in the channel's unit
    scale       (m, d) standard deviation, same unit
    weights     (LAGS * d, d) from the last rows, newest first, to the next; standardized
    offset      (d,) constant of that prediction
    precision   (d, d) inverse covariance of what is left over
    mean        mean squared distance on the baseline, held out
    limit       the alarm line for its EWMA
    together    (d, d) covariance of the standardized rows: how channels go together at one time
    interval    usual seconds between two rows of the baseline
    """

    channels: tuple[str, ...]
    unused: tuple[str, ...]
    settings: tuple[str, ...]
    mode_at: Floats
    mode_reach: Floats
    center: Floats
    scale: Floats
    weights: Floats
    offset: Floats
    precision: Floats
    mean: float
    limit: float
    together: Floats
    interval: float

    def to_bytes(self) -> bytes:
        """The model as versioned bytes, the same on every machine."""
        names = [list(self.channels), list(self.unused), list(self.settings), len(self.center)]
        header = json.dumps(names).encode()
        numbers = np.array([self.mean, self.limit, self.interval])
        return _packed(header, [*(getattr(self, name) for name in _ARRAYS), numbers])

    @classmethod
    def from_bytes(cls, raw: bytes) -> "AssetModel":
        """Raises `UnknownState` when the bytes are of another version or damaged."""
        header, numbers = _unpacked(raw)
        try:
            channels, unused, settings, modes = json.loads(header)
            d, s, m = len(channels), len(settings), int(modes)
        except (ValueError, TypeError) as error:
            raise _unknown() from error
        shapes = [(m, s), (s,), (m, d), (m, d), (LAGS * d, d), (d,), (d, d), (d, d), (3,)]
        parts = _shaped(numbers, shapes)
        mean, limit, interval = parts.pop().tolist()
        return cls(
            channels=tuple(channels),
            unused=tuple(unused),
            settings=tuple(settings),
            mean=mean,
            limit=limit,
            interval=interval,
            **dict(zip(_ARRAYS, parts, strict=True)),
        )


_ARRAYS = (
    "mode_at",
    "mode_reach",
    "center",
    "scale",
    "weights",
    "offset",
    "precision",
    "together",
)


@dataclass(frozen=True, slots=True)
class Stream:
    """Where a stream of d channels stands between two batches.

    lags       (LAGS, d) last rows, newest first, standardized, what was missing filled in
    strange    (d,) EWMA of the squared deviation of each channel
    memo       (4,) rows seen since the last gap, EWMA of the distance, time of the last row, and
               1 while the rows are flagged
    """

    lags: Floats
    strange: Floats
    memo: Floats

    @classmethod
    def start(cls, model: AssetModel) -> "Stream":
        """A stream of which nothing has been seen."""
        d = len(model.channels)
        return cls(np.zeros((LAGS, d)), np.ones(d), np.array([0.0, model.mean, -np.inf, 0.0]))

    def to_bytes(self) -> bytes:
        """The state as versioned bytes."""
        header = json.dumps(self.lags.shape[1]).encode()
        return _packed(header, [self.lags, self.strange, self.memo])

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Stream":
        """Raises `UnknownState` when the bytes are of another version or damaged."""
        header, numbers = _unpacked(raw)
        try:
            d = int(json.loads(header))
        except (ValueError, TypeError) as error:
            raise _unknown() from error
        return cls(*_shaped(numbers, [(LAGS, d), (d,), (4,)]))


def _packed(header: bytes, arrays: Sequence[Floats]) -> bytes:
    body = b"".join(np.ascontiguousarray(array, dtype="<f8").tobytes() for array in arrays)
    return _HEAD.pack(MAGIC, len(header)) + header + body


def _unpacked(raw: bytes) -> tuple[bytes, Floats]:
    if len(raw) < _HEAD.size:
        raise _unknown()
    magic, size = _HEAD.unpack_from(raw)
    body = raw[_HEAD.size + size :]
    if magic != MAGIC or size > _LARGEST_HEADER or len(body) % 8:
        raise _unknown()
    header = raw[_HEAD.size : _HEAD.size + size]
    return header, np.frombuffer(body, dtype="<f8").astype(np.float64)


def _shaped(numbers: Floats, shapes: Sequence[tuple[int, ...]]) -> list[Floats]:
    sizes = [int(np.prod(shape)) for shape in shapes]
    if min(sizes) < 0 or sum(sizes) != len(numbers):
        raise _unknown()
    parts = np.split(numbers, np.cumsum(sizes)[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


def _unknown() -> UnknownState:
    return UnknownState(
        "The saved model of the asset is not of this version. Fit it again on its baseline."
    )
