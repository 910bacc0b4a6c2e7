"""One model for many series: boosted trees on seasonal differences, with conformal intervals.

It predicts how far a value will be from that of one season before, over the scale of its series:
the median, and the two quantiles that hold `level` between them. What the quantiles promise is
made true on origins that the trees have not seen (conformalized quantile regression; Romano,
Patterson & Candès 2019), for each tail and horizon.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from forecasts.boosting.saving import BadModel, load, save
from forecasts.boosting.trees import Trees, trees_of
from forecasts.forecasters.base import INNER, Floats, Forecast, Ints, TooLittleHistory
from forecasts.forecasters.rows import COLUMNS, Past, Shape
from forecasts.forecasters.shift import Seen

NAME = "learned from all series"
_KIND = "panel"
_ENSEMBLES = ("middle", "before", "lower", "upper")

AT_ONCE = 200
"""Series predicted in one go: bounds the memory."""


@dataclass(frozen=True, slots=True)
class PanelModel:
    """What was learned.

    middle          trees of the median, fitted on everything
    before          the same, fitted on what lies before the last two horizons: to be judged by
    lower, upper    trees of the quantiles, fitted on that, too
    stretch         (levels, 2, steps) factors by which the lower and upper half of the interval are
                    too short for `level` and those of `INNER`, learned in the calibration; nested
    dependence      correlation of the error of one step with that of the next
    seen            what it learned from, to tell when that has changed
    """

    shape: Shape
    level: float
    middle: Trees
    before: Trees
    lower: Trees
    upper: Trees
    stretch: Floats
    dependence: float
    seen: Seen

    def forecast(self, histories: Sequence[Floats]) -> list[Forecast]:
        """Forecast each series from its end; error and mase are NaN.

        Raises TooLittleHistory for a series that is shorter than `shape.needs`.
        """
        return [one for chunk in _chunks(histories) for one in self._forecast(chunk)]

    def _forecast(self, histories: Sequence[Floats]) -> list[Forecast]:
        if any(len(history) < self.shape.needs for history in histories):
            raise TooLittleHistory(f"The model needs {self.shape.needs} steps of history.")
        pasts = [Past(history, self.shape) for history in histories]
        ends = [np.array([len(past)]) for past in pasts]
        parts = predict(pasts, ends, self.shape, (self.middle, self.lower, self.upper))
        made = []
        for history, (middle, low, high) in zip(histories, parts[:, :, 0], strict=True):
            floor = 0.0 if np.nanmin(history, initial=0.0) >= 0 else -np.inf
            halves = np.stack((-np.maximum(middle - low, 0.0), np.maximum(high - middle, 0.0)))
            ends = np.maximum(middle + self.stretch * halves, floor)
            made.append(
                Forecast(
                    point=np.maximum(middle, floor),
                    lower=ends[0, 0],
                    upper=ends[0, 1],
                    level=self.level,
                    method=NAME,
                    error=np.nan,
                    mase=np.nan,
                    inner=ends[1:],
                    dependence=self.dependence,
                )
            )
        return made


def to_bytes(model: PanelModel) -> bytes:
    """The model to be kept; `from_bytes` reads it."""
    arrays = {"stretch": model.stretch, "edges": model.seen.edges, "shares": model.seen.shares}
    for name in _ENSEMBLES:
        arrays |= getattr(model, name).arrays(f"{name}.")
    note = {"kind": _KIND, "shape": asdict(model.shape), "level": model.level}
    return save(arrays, note | {"dependence": model.dependence})


def from_bytes(data: bytes, expected: str = "") -> PanelModel:
    """The model that was kept. Raises BadModel where it is another one, damaged or none."""
    arrays, note = load(data, expected)
    try:
        shape = Shape(**{name: int(value) for name, value in note["shape"].items()})
        level, dependence = float(note["level"]), float(note["dependence"])
        stretch, seen = arrays["stretch"], Seen(arrays["edges"], arrays["shares"])
        trees = {name: trees_of(arrays, f"{name}.") for name in _ENSEMBLES}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadModel(f"The saved model has parts that do not fit: {error}") from error
    columns = {int(one.columns) for one in trees.values()}
    fits = columns == {COLUMNS} == {len(seen.edges)} and stretch.shape == shape_of_stretch(shape)
    if note.get("kind") != _KIND or not fits:
        raise BadModel("The saved model is of another kind or version. Train it again.")
    return PanelModel(shape, level, **trees, stretch=stretch, dependence=dependence, seen=seen)


def shape_of_stretch(shape: Shape) -> tuple[int, int, int]:
    """Levels from the widest on, lower and upper end, steps."""
    return (1 + len(INNER), 2, shape.steps)


def predict(
    pasts: Sequence[Past],
    origins: Sequence[Ints],
    shape: Shape,
    ensembles: Sequence[Trees],
    every: int = 1,
) -> Floats:
    """What each ensemble says of each series, in its unit: (series, ensembles, origins, steps).

    Every series has as many origins as the others. every: only each so many-th step.
    """
    steps = np.arange(0, shape.steps, every)
    rows, bases, scales = [], [], []
    for past, each in zip(pasts, origins, strict=True):
        ahead, at = np.tile(steps, len(each)), np.repeat(each, len(steps))
        rows.append(past.rows(at, ahead))
        bases.append(past.base(at, ahead))
        scales.append(past.scale(at))
    table, base, scale = np.concatenate(rows), np.concatenate(bases), np.concatenate(scales)
    said = np.stack([base + scale * trees.predict(table) for trees in ensembles])
    whole = said.reshape(len(ensembles), len(pasts), -1, len(steps))
    return np.ascontiguousarray(np.swapaxes(whole, 0, 1))


def _chunks(histories: Sequence[Floats]) -> Iterator[Sequence[Floats]]:
    for start in range(0, len(histories), AT_ONCE):
        yield histories[start : start + AT_ONCE]
