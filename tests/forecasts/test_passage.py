import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasts.forecasters.choose import forecast
from forecasts.forecasters.passage import chances_by, dependence
from forecasts.forecasters.quantiles import chances_of, quantiles_of

AT = chances_of(0.95)
STEPS = 24


def histories(seed: int) -> np.ndarray:
    """Of many kinds: a daily season, a walk, on and off, constant, steps of a counter."""
    random = np.random.default_rng(seed)
    time = np.arange(120 + seed % 200)
    noise = random.normal(size=len(time))
    return (
        20 + 5 * np.sin(time * 2 * np.pi / 24) + noise,
        np.cumsum(noise),
        (noise > 0).astype(float),
        np.full(len(time), 7.0),
        np.maximum(np.round(3 * noise), 0.0),
    )[seed % 5]


class TestIntervals:
    @settings(max_examples=30, deadline=None)
    @given(seed=st.integers(0, 10_000))
    def test_they_nest_and_hold_the_median(self, seed: int) -> None:
        made = forecast(histories(seed), steps=STEPS, seasons=(24,))

        assert np.all(np.diff(quantiles_of(made), axis=0) >= 0)
        assert 0.0 <= made.dependence <= 1.0

    @settings(max_examples=20, deadline=None)
    @given(seed=st.integers(0, 10_000), cut=st.integers(80, 110))
    def test_what_came_later_changes_nothing(self, seed: int, cut: int) -> None:
        history = histories(seed)
        changed = history.copy()
        changed[cut:] = 1e6

        one, other = (
            forecast(values[:cut], steps=STEPS, seasons=(24,)) for values in (history, changed)
        )
        assert np.array_equal(quantiles_of(one), quantiles_of(other))

    def test_narrower_ones_hold_as_often_as_they_say(self) -> None:
        random = np.random.default_rng(5)
        held = []
        for _ in range(40):
            values = random.normal(size=400)
            made = forecast(values[:376], steps=STEPS, seasons=())
            truth = values[376:]
            held.append([np.mean((low <= truth) & (truth <= high)) for low, high in made.inner])

        assert np.all(np.abs(np.mean(held, axis=0) - (0.8, 0.5)) < 0.07)


class TestReachingALimit:
    @settings(max_examples=50, deadline=None)
    @given(
        seed=st.integers(0, 10_000),
        limit=st.floats(-10, 40),
        upward=st.booleans(),
        nearer=st.floats(0, 5),
    )
    def test_its_chance_rises_with_time_and_with_nearness(
        self, *, seed: int, limit: float, upward: bool, nearer: float
    ) -> None:
        made = forecast(histories(seed), steps=STEPS, seasons=(24,))

        def chances(of: float) -> np.ndarray:
            return chances_by(
                of,
                at=AT,
                quantiles=quantiles_of(made),
                dependence=made.dependence,
                upward=upward,
            )

        far, near = chances(limit), chances(limit - nearer if upward else limit + nearer)
        assert np.all(np.diff(far) >= 0)
        assert np.all((far >= 0) & (far <= 1))
        assert np.all(near >= far)

    def test_it_is_as_likely_as_in_drawn_courses(self) -> None:
        # A random course that forgets slowly, known exactly: 0.9 from step to step.
        random = np.random.default_rng(1)
        courses = random.normal(size=(20_000, STEPS))
        for step in range(1, STEPS):
            own = np.sqrt(1 - 0.81) * courses[:, step]
            courses[:, step] = 0.9 * courses[:, step - 1] + own
        quantiles = np.repeat(np.quantile(courses, AT)[:, None], STEPS, axis=1)

        said = chances_by(
            1.5, at=AT, quantiles=quantiles, dependence=dependence(courses[:2000]), upward=True
        )
        came = np.logical_or.accumulate(courses >= 1.5, axis=1).mean(axis=0)
        assert np.all(np.abs(said - came) < 0.04)

    def test_what_is_sure_is_sure(self) -> None:
        flat = np.full((len(AT), 3), 7.0)

        def by(limit: float, *, upward: bool) -> list[float]:
            found = chances_by(limit, at=AT, quantiles=flat, dependence=0.5, upward=upward)
            return [float(chance) for chance in found]

        assert by(7.0, upward=True) == by(7.0, upward=False) == [1.0, 1.0, 1.0]
        assert by(7.1, upward=True) == by(6.9, upward=False) == [0.0, 0.0, 0.0]

    def test_a_step_of_which_nothing_is_expected_adds_nothing(self) -> None:
        quantiles = np.repeat(np.linspace(0.0, 2.0, len(AT))[:, None], 4, axis=1)
        quantiles[:, 1:3] = np.nan

        found = chances_by(1.0, at=AT, quantiles=quantiles, dependence=0.9, upward=True)

        assert found[0] == found[1] == found[2] > 0.4
