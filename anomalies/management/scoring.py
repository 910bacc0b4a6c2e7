"""The detectors over the chunks of one table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from anomalies.detectors.base import Bools, Floats
from anomalies.detectors.multivariate.detector import named, score_rows
from anomalies.detectors.multivariate.fitting import UnfitBaseline, fit
from anomalies.detectors.multivariate.kernel import LAGS
from anomalies.detectors.multivariate.model import AssetModel, Stream
from anomalies.detectors.series import ALARM
from anomalies.detectors.streaming.engine import judge
from anomalies.detectors.streaming.memory import blank
from anomalies.tabular.rows import Chunk
from assets.tabular.sources import FileProblem

TRAIN_ROWS = 400


@dataclass(frozen=True, slots=True)
class Scored:
    """n rows judged: `score` and `is_anomaly` (n,); `of_columns` and `expected` (n, c).

    `of_columns` is None where all columns have one score; `contributing` names what the flagged
    rows are about and is empty for others.
    """

    score: Floats
    is_anomaly: Bools
    of_columns: Floats | None
    expected: Floats
    contributing: list[str] | None


class Scorer(Protocol):
    """Scores the chunks of one table, in order; `first` is the size of the first chunk it needs."""

    first: int

    def score(self, chunk: Chunk) -> Scored: ...


class SensorScorer:
    """Each column as a sensor of its own, by the streaming engine. Learns as it goes.

    The first `training` rows have the score 0.
    """

    def __init__(self, columns: Sequence[str], training: int, first: int) -> None:
        self.first = first
        self._memory = blank(len(columns))
        self._training = training

    def score(self, chunk: Chunk) -> Scored:
        n, columns = chunk.values.shape
        which = np.repeat(np.arange(columns), n)
        times = np.tile(chunk.times, columns)
        found = judge(self._memory, which, times, np.ravel(chunk.values.T))
        scores = np.ascontiguousarray(found.score.reshape(columns, n).T)
        scores[: self._training] = 0.0
        self._training = max(self._training - n, 0)
        score = scores.max(axis=1)
        return Scored(
            score=score,
            is_anomaly=score >= ALARM,
            of_columns=scores if columns > 1 else None,
            expected=found.expected.reshape(columns, n).T,
            contributing=None,
        )


class AssetScorer:
    """All columns together, by the model of the first rows, which are not judged.

    The order of the file is the order of time: where a time repeats or falls, the row counts as
    one usual interval after the row before.
    """

    def __init__(
        self, name: str, columns: Sequence[str], settings: Sequence[str], training: int
    ) -> None:
        if missing := [column for column in settings if column not in columns]:
            raise FileProblem(
                f"{name} has no column of numbers {missing[0]!r} (--settings-columns)."
                f" It has {', '.join(columns)}."
            )
        self.first = training
        self._name = name
        self._columns = list(columns)
        self._settings = list(settings)
        self._model: AssetModel | None = None
        self._stream: Stream | None = None
        self._clock = (0.0, 0.0)

    def score(self, chunk: Chunk) -> Scored:
        if self._model is None:
            return self._learn(chunk)
        return self._judge(self._model, chunk)

    def _learn(self, chunk: Chunk) -> Scored:
        n = len(chunk)
        if n < self.first:
            raise FileProblem(
                f"{self._name} has {n} rows, and the first {self.first} are for training. Give a"
                " smaller --train-rows, or a longer file."
            )
        steps = np.diff(chunk.times)
        usual = float(np.median(steps[steps > 0])) if np.any(steps > 0) else 1.0
        self._clock = (float(chunk.times[0]) - usual, float(chunk.times[0]) - usual)
        before = self._clock
        times = self._rising(chunk.times, usual)
        try:
            self._model = fit(times, chunk.values, self._columns, self._settings)
        except UnfitBaseline as error:
            raise FileProblem(f"{self._name}, first {n} rows (--train-rows): {error}") from error
        self._clock = before
        self._judge(self._model, chunk, last=LAGS)
        return Scored(
            score=np.zeros(n),
            is_anomaly=np.zeros(n, dtype=np.bool_),
            of_columns=None,
            expected=np.full(chunk.values.shape, np.nan),
            contributing=[""] * n,
        )

    def _judge(self, model: AssetModel, chunk: Chunk, last: int | None = None) -> Scored:
        """Score a chunk; of the baseline only its `last` rows, to begin after them."""
        times = self._rising(chunk.times, model.interval)
        place = [self._columns.index(name) for name in model.channels]
        setting = [self._columns.index(name) for name in model.settings]
        part = slice(-last if last else None, None)
        self._stream, scores = score_rows(
            model,
            self._stream,
            times[part],
            chunk.values[part][:, place],
            chunk.values[part][:, setting],
        )
        expected = np.full((len(scores), len(self._columns)), np.nan)
        expected[:, place] = np.where(scores.judged[:, None], scores.expected, np.nan)
        contributing = [""] * len(scores)
        for i in np.flatnonzero(scores.is_anomaly):
            contributing[i] = "; ".join(named(model, scores.shares[i]))
        return Scored(scores.score, scores.is_anomaly, None, expected, contributing)

    def _rising(self, times: Floats, interval: float) -> Floats:
        """Strictly rising times with the same steps forward; a step back is a usual interval."""
        raw, risen = self._clock
        steps = np.diff(times, prepend=raw)
        result = risen + np.cumsum(np.where(steps > 0, steps, interval))
        self._clock = (float(times[-1]), float(result[-1]))
        return np.asarray(result)
