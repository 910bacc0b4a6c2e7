"""Remaining life: what it may know, what it promises, and `manage.py backtest_rul`."""

import csv
from functools import cache
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasts.boosting.fitting import Growth
from forecasts.boosting.saving import BadModel, digest
from forecasts.remaining_life import training, weibull
from forecasts.remaining_life.features import Life, Preparation, prepare
from forecasts.remaining_life.model import LifeModel, from_bytes, to_bytes
from tests.data import need_data

CLIP = 60.0
MODES = np.array([[0.0, 100.0], [20.0, 100.0], [42.0, 60.0]])


@pytest.fixture(autouse=True)
def _small(monkeypatch) -> None:
    growth = Growth(rounds=25, rate=0.3, leaves=8, fewest=20, columns=0.5, ridge=5.0)
    monkeypatch.setattr(training, "GROWTH", growth)
    monkeypatch.setattr(training, "MEMBERS", 2)


def fleet(count: int, *, seed: int = 0, modes: bool = False) -> list[Life]:
    """Units that wear out: two settings, two sensors that show it, one constant, one of noise."""
    random = np.random.default_rng(seed)
    lives = []
    for _ in range(count):
        length = int(random.integers(70, 130))
        wear = np.exp((np.arange(length) - length) / 20.0)
        mode = random.integers(0, 3, length) if modes else np.zeros(length, dtype=int)
        noise = random.normal(0, 0.05, (length, 3))
        values = np.column_stack(
            [
                MODES[mode],
                500 * mode + 10 * (wear + noise[:, 0]),
                90 - 40 * mode - wear + noise[:, 1],
                np.full(length, 7.0),
                noise[:, 2],
            ]
        )
        lives.append(Life(np.arange(1.0, length + 1), values))
    return lives


def cut(lives: list[Life], seed: int = 1) -> tuple[list[Life], np.ndarray]:
    random = np.random.default_rng(seed)
    ends = [int(random.integers(len(life) // 3, len(life))) for life in lives]
    asked = [Life(one.ages[:end], one.values[:end]) for one, end in zip(lives, ends, strict=True)]
    return asked, np.array([len(one) - end for one, end in zip(lives, ends, strict=True)], float)


@pytest.fixture(scope="module")
def model() -> LifeModel:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "GROWTH", Growth(25, 0.3, 8, 20, 0.5, 5.0))
        return training.train(fleet(25), [0, 1], clip=CLIP)


@cache
def prepared_fleet(*, modes: bool) -> tuple[list[Life], Preparation]:
    lives = fleet(6, modes=modes)
    return lives, prepare(lives, [0, 1], seed=0)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 69), st.booleans())
def test_a_row_knows_nothing_of_later_cycles(end, modes) -> None:
    lives, prepared = prepared_fleet(modes=modes)
    changed = lives[0].values.copy()
    changed[end:] = -1e5
    whole = prepared.features(Life(lives[0].ages, changed))[end - 1]
    alone = prepared.features(Life(lives[0].ages[:end], lives[0].values[:end]))[-1]
    assert whole == pytest.approx(alone, abs=1e-4)
    assert len(alone) == prepared.columns


def test_constant_columns_are_dropped_and_modes_are_found() -> None:
    plain = prepared_fleet(modes=False)[1]
    assert (plain.sensors.tolist(), plain.settings.tolist(), len(plain.modes)) == ([2, 3, 5], [], 1)
    several = prepared_fleet(modes=True)[1]
    assert several.sensors.tolist() == [2, 3, 5]
    assert len(several.modes) == 3


@pytest.mark.parametrize("modes", [False, True])
def test_predicts_what_is_left_in_any_operating_mode(modes) -> None:
    known = training.train(fleet(20, modes=modes), [0, 1], clip=CLIP)
    asked, truth = cut(fleet(30, seed=9, modes=modes))
    said = known.remaining(known.features(asked))
    truth = np.minimum(truth, CLIP)
    assert np.sqrt(np.mean((said.point - truth) ** 2)) < 9
    assert np.mean((said.lower <= truth) & (truth <= said.upper)) >= 0.8
    assert known.is_sure


def test_intervals_nest_and_hold_the_median(model) -> None:
    rows = model.features(cut(fleet(40, seed=3))[0])
    narrow, wide = model.remaining(rows, 0.5), model.remaining(rows, 0.95)
    for one in (narrow, wide):
        assert np.all((one.lower <= one.median) & (one.median <= one.upper))
        assert np.all((one.lower <= one.point) & (one.point <= one.upper))
        assert np.all((one.lower >= 0) & (one.upper <= CLIP))
    assert np.all((wide.lower <= narrow.lower) & (narrow.upper <= wide.upper))


def test_the_chance_of_failure_grows_with_the_horizon(model) -> None:
    rows = model.features(cut(fleet(40, seed=4))[0])
    horizons = np.arange(0.0, CLIP + 1)
    chances = model.failure(rows, horizons)
    assert np.all(np.diff(chances[:, :-1], axis=1) >= 0)
    assert np.all((chances[:, :-1] >= 0) & (chances[:, :-1] <= 1))
    assert np.all(np.isnan(chances[:, -1]))


def test_a_kept_model_says_the_same_and_another_is_refused(model) -> None:
    rows = model.features(fleet(3, seed=5))
    data = to_bytes(model)
    again = from_bytes(data, digest(data))
    assert np.array_equal(again.remaining(rows).upper, model.remaining(rows).upper)
    with pytest.raises(BadModel, match="damaged"):
        from_bytes(data[:-9] + bytes(9))


def test_too_few_histories_are_refused_and_ages_say_little() -> None:
    with pytest.raises(training.TooFewHistories, match="at least 8"):
        training.train(fleet(7), clip=CLIP)
    ages = np.array([900.0, 1100, 1000, 400, 500])
    found = weibull.fit(ages, np.array([True, True, True, False, False]))
    all_failed = weibull.fit(ages, np.ones(5, dtype=bool))
    assert found.scale > all_failed.scale
    said = found.remaining(np.array([0.0, 500.0, 1500.0]))
    assert np.all(np.diff(said.median) < 0)
    assert np.all((said.lower < said.median) & (said.median < said.upper))
    chances = found.failure(np.array([500.0]), np.array([0.0, 24.0, 168.0, 720.0]))[0]
    assert chances[0] == 0
    assert np.all(np.diff(chances) > 0)
    assert found.failure(np.array([500.0]), said.median[1:2])[0, 0] == pytest.approx(0.5)
    with pytest.raises(weibull.NoFailures):
        weibull.fit(ages, np.zeros(5, dtype=bool))


def run(*arguments: object) -> str:
    out = StringIO()
    call_command("backtest_rul", *map(str, arguments), stdout=out)
    return out.getvalue()


def written(path, lives: list[Life], *, header: str = "", mark: str = " ") -> str:
    lines = [header] if header else []
    for unit, life in enumerate(lives, 1):
        for age, row in zip(life.ages, life.values, strict=True):
            lines.append(mark.join([str(unit), f"{age:g}", *(f"{value:.5f}" for value in row)]))
    path.write_text("\n".join(lines) + "\n")
    return str(path)


@pytest.mark.crawl
def test_files_without_a_header_are_judged_by_their_truth(tmp_path) -> None:
    asked, truth = cut(fleet(20, seed=9))
    (tmp_path / "truth.txt").write_text("".join(f"{left:g} \n" for left in truth))
    said = run(
        *("--train", written(tmp_path / "train.txt", fleet(25))),
        *("--test", written(tmp_path / "test.txt", asked), "--truth", tmp_path / "truth.txt"),
        *("--clip", 60, "--output", tmp_path / "out.csv"),
    )
    figures = {line.split("  ")[0]: line.split() for line in said.splitlines()}
    assert float(figures["RMSE"][1]) < 14
    assert 0.7 <= float(figures["coverage"][1]) <= 1
    assert "25 units that ran to failure" in said
    with (tmp_path / "out.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 20


def test_a_file_with_names_finds_its_settings_and_leaves_the_answer_out(tmp_path) -> None:
    lives = [
        Life(one.ages, np.column_stack([one.values, one.ages[::-1]]))
        for one in fleet(15, modes=True)
    ]
    header = "engine;hours;op_setting_1;op_setting_2;heat;flow;still;noise;RUL"
    path = written(tmp_path / "all.csv", lives, header=header, mark=";")
    said = run("--train", path, "--unit-column", "engine", "--time-column", "hours")
    assert "3 sensors that move, 2 settings, 3 operating modes" in said
    few = written(tmp_path / "few.csv", lives[:5], header=header, mark=";")
    told = run("--train", few, "--unit-column", "engine", "--time-column", "hours")
    assert "low confidence" in told


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        ("", "", "has no rows"),
        ("unit,cycle,a\n1,1\n", "", "Line 2 of .* has 2 cells, but there are 3 columns"),
        ("unit,cycle,a\n1,x,3\n", "", "Line 2 of .*cycle: 'x' is not a number"),
        ("unit,cycle,a\n1,1,3\n", "--unit-column pump", "no column 'pump' .--unit-column"),
        ("1 1\n1 2\n", "", "no column of numbers beside"),
        ("1 1 5\n1 2 6\n", "", "every fifth unit"),
        ("1 1 5\n1 2 6\n", "--test x", "go together"),
        ("1 1 5\n1 2 6\n", "--settings-columns load", "no column 'load'"),
        ("1 1 5\n1 2 6\n", "--clip 0", "not a number above 0"),
    ],
)
def test_bad_input_ends_in_a_sentence(tmp_path, text, options, told) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(CommandError, match=told):
        run("--train", path, *options.split())


def test_a_truth_that_does_not_fit_the_units_is_told(tmp_path) -> None:
    train = written(tmp_path / "train.txt", fleet(6))
    truth = tmp_path / "truth.txt"
    for text, told in (("5\n", "1 figures, but .* 6 units"), ("5\n" * 5 + "x\n", "'x' is not a")):
        truth.write_text(text)
        with pytest.raises(CommandError, match=told):
            run("--train", train, "--test", train, "--truth", truth)


@pytest.mark.crawl
def test_the_engines_of_fd001_are_judged_as_well_as_published_methods(monkeypatch) -> None:
    monkeypatch.undo()
    folder = need_data("cmapss")
    said = run(
        *("--train", folder / "train_FD001.txt.gz", "--test", folder / "test_FD001.txt.gz"),
        *("--truth", folder / "RUL_FD001.txt", "--clip", 125),
    )
    figures = {line.split("  ")[0]: line.split() for line in said.splitlines()}
    assert float(figures["RMSE"][1]) <= 12.0
    assert float(figures["NASA score"][2]) <= 200
    assert 0.87 <= float(figures["coverage"][1]) <= 0.94
    assert float(figures["width"][1]) <= 65
