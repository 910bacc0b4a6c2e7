"""`manage.py backtest_forecast`, on files as people have them."""

import csv
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from forecasts.boosting.fitting import Growth
from forecasts.forecasters import training
from tests.forecasts.test_panel import plant


@pytest.fixture(autouse=True)
def _small(monkeypatch) -> None:
    monkeypatch.setattr(training, "MOST_ROWS", 4_000)
    for name in ("MIDDLE", "QUANTILES"):
        monkeypatch.setattr(training, name, Growth(rounds=20, rate=0.2, leaves=8, fewest=20))


def run(*arguments: object) -> str:
    out = StringIO()
    call_command("backtest_forecast", *map(str, arguments), stdout=out)
    return out.getvalue()


def long_file(path, series) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["pump", "when", "flow"])
        for name, values in series.items():
            for i, value in reversed(list(enumerate(values))):
                hour = np.datetime64("2026-01-01T00") + i
                if i != 33:
                    writer.writerow([name, f"{hour}:00:00Z", repr(float(value))])


def wide_file(path, series, *, header: bool = True) -> None:
    width = max(len(values) for values in series)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        if header:
            writer.writerow([f"V{i + 1}" for i in range(width + 1)])
        for i, values in enumerate(series):
            cells = [repr(float(value)) for value in values]
            writer.writerow([f"H{i}", *cells, *[""] * (width - len(values))])


def test_long_files_are_judged_file_by_file_and_together(tmp_path) -> None:
    one, two = plant(6)[:3], plant(6)[3:]
    long_file(tmp_path / "one.csv", {f"P{i}": values for i, values in enumerate(one)})
    long_file(tmp_path / "two.csv", {f"Q{i}": values for i, values in enumerate(two)})
    said = run(
        *(tmp_path / "one.csv", tmp_path / "two.csv", "--horizon", 6, "--season", 8),
        *("--id-column", "pump", "--time-column", "when", "--value-column", "flow"),
        *("--long-season", 24, "--output", tmp_path / "out.csv"),
    )
    lines = said.splitlines()
    assert lines[0].split() == ["file", "series", "MASE", "sMAPE", "MSIS", "in", "95%"]
    assert [line.split()[-5] for line in lines[1:4]] == ["3", "3", "6"]
    assert float(lines[3].split()[-4]) < 1.2
    with (tmp_path / "out.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 36
    assert float(rows[5]["truth"]) == pytest.approx(one[0][-1])


def test_wide_files_are_judged_by_a_file_of_what_came(tmp_path) -> None:
    series = [*plant(5), plant(1)[0][:40]]
    wide_file(tmp_path / "train.csv", [values[:-6] for values in series])
    wide_file(tmp_path / "test.csv", [values[-6:] for values in series], header=False)
    files = (tmp_path / "train.csv", "--test", tmp_path / "test.csv")
    said = run(*files, "--horizon", 6, "--season", 8)
    assert "all files" in said


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        ("", "", "is empty|no rows"),
        ("a,1,2,x\n", "", "Line 1 of .*, column 4: 'x' is not a number"),
        ("a,1,2\na,1,2\n", "", "Line 2 .* second series 'a'"),
        ("a,1,2,3\n", "", "No series is longer than the horizon"),
        ("a,1,2\nb\n", "", "Line 2 of .* has no values after 'b'"),
        ("t,v\n1,2\n", "--time-column t --value-column w", "no column 'w' .--value-column"),
        ("t,v\n1,2\n1,3\n", "--time-column t --value-column v", "Line 3 .* --id-column"),
        ("t,v\n1,2\n2,?\n", "--time-column t --value-column v", "Line 3 of .*'\\?' is not a num"),
        ("i,t,v\na,1,2\n", "--id-column i --time-column t", "needs --value-column"),
        ("a,1,2\n", "--level 2", "not a level"),
        ("a,1,2\n", "--horizon 0", "not a number of steps"),
    ],
)
def test_bad_input_ends_in_a_sentence(tmp_path, text, options, told) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(CommandError, match=told):
        run(path, *options.split())
