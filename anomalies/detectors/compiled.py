"""What is compiled, at once: else the first readings after a start wait for it."""

import numpy as np

from anomalies.detectors.base import Floats
from anomalies.detectors.multivariate.detector import score_rows
from anomalies.detectors.multivariate.fitting import fit
from anomalies.detectors.streaming.engine import judge
from anomalies.detectors.streaming.memory import blank


def load() -> None:
    """Compile each detector, or take it from the cache: half a minute, or a second."""
    nothing = np.zeros(1)
    judge(blank(1), np.zeros(1, dtype=np.intp), nothing, nothing)
    times: Floats = 60.0 * np.arange(600, dtype=np.float64)
    rows: Floats = np.random.default_rng(1).normal(0.0, 1.0, (600, 3))
    model = fit(times, rows, ["a", "b", "c"])
    score_rows(model, None, times, rows, np.zeros((600, 0)))
