"""`manage.py score_csv`, run as somebody with a CSV runs it: no server anywhere."""

import csv
import gzip
import os
import subprocess
import sys
from io import StringIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from anomalies.detectors.series import score_series
from anomalies.management.scoring import AssetScorer, SensorScorer
from anomalies.tabular.outputs import Job, jobs
from anomalies.tabular.rows import Chunk
from assets.tabular.sources import FileProblem
from tests.anomalies.test_multivariate import NAMES, Rows, pump

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"
START = 1_700_000_000


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a folder, with an environment in which no database can be reached."""
    environment = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    environment["OPSSIGHT_VAR"] = str(folder / "var")
    return subprocess.run(
        [sys.executable, str(MANAGE), "score_csv", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def written(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def table(values: Rows, names: tuple[str, ...] = ("value",), mark: str = ",") -> str:
    lines = [mark.join(["timestamp", *names])]
    for i, row in enumerate(values.reshape(len(values), -1)):
        lines.append(mark.join([f"{START + 300 * i}", *(f"{value!r}" for value in row.tolist())]))
    return "\n".join(lines) + "\n"


def daily(n: int = 1500) -> Rows:
    """A daily curve with noise and a spike at row 1,200."""
    hours = np.arange(n) / 12
    noise = np.random.default_rng(1).normal(0, 0.3, n)
    values = np.sin(hours / 24 * 2 * np.pi) * 3 + noise + 20
    values[1200] += 40
    return np.asarray(values)


@pytest.mark.crawl
def test_scores_files_of_any_kind_and_keeps_their_folders(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "plain.csv").write_text(table(daily()))
    with gzip.open(tmp_path / "deep" / "zipped.csv.gz", "wt") as file:
        file.write(table(daily(), mark=";"))
    (tmp_path / "tabs.tsv").write_text(table(daily(), mark="\t"))
    (tmp_path / "broken.csv").write_text(table(daily()).replace("\n1700000600,", "\nyesterday,"))

    done = run(
        tmp_path,
        *("plain.csv", "deep", "tabs.tsv", "broken.csv", "none.csv"),
        *("--time-column", "timestamp", "--value-columns", "value", "--output-dir", "out"),
    )

    assert done.returncode == 1
    assert "Line 4 of broken.csv: 'yesterday' is not a number of s" in done.stderr
    assert "There is no file none.csv." in done.stderr
    assert "2 of 5 files could not be scored" in done.stderr
    assert "points/s" in done.stdout
    found = sorted(str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.*"))
    assert found == ["deep/zipped.csv", "plain.csv", "tabs.tsv"]
    rows = written(tmp_path / "out" / "plain.csv")
    assert list(rows[0]) == ["timestamp", "value", "score", "is_anomaly"]
    times = START + np.arange(1500, dtype=np.float64) * 300
    expected = score_series(times, daily())
    np.testing.assert_allclose([float(row["score"]) for row in rows], expected.score, rtol=1e-5)
    assert [row["is_anomaly"] == "1" for row in rows] == expected.is_anomaly.tolist()
    assert rows[1200]["is_anomaly"] == "1"
    assert (tmp_path / "out" / "deep" / "zipped.csv").read_text() == (
        tmp_path / "out" / "plain.csv"
    ).read_text()


@pytest.mark.crawl
def test_scores_a_machine_by_all_its_columns_and_draws_it(tmp_path: Path) -> None:
    rows = pump(900)
    rows[600:, 1] = rows[600:, 1].mean()
    labeled = np.column_stack([rows, np.arange(900) >= 600])
    (tmp_path / "pump <1>.csv").write_text(table(labeled, (*NAMES, "anomaly")))

    done = run(tmp_path, "pump <1>.csv", "--multivariate", "--train-rows", "400", "--plot")

    assert done.returncode == 0, done.stderr
    result = written(tmp_path / "pump <1>.scores.csv")
    assert list(result[0]) == ["timestamp", *NAMES, "score", "is_anomaly", "contributing"]
    assert {row["score"] for row in result[:400]} == {"0"}
    assert [row["timestamp"] for row in result] == [str(START + 300 * i) for i in range(900)]
    assert result[700]["is_anomaly"] == "1"
    assert result[700]["contributing"].startswith("flow")
    page = (tmp_path / "pump <1>.scores.html").read_text()
    assert page.count("<svg") == 5
    assert "pump &lt;1&gt;.csv" in page
    assert "<script" not in page
    assert "http" not in page


@pytest.mark.crawl
def test_writes_nothing_over_the_files_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table(daily()))

    done = run(tmp_path, "--output-dir", ".", "--value-columns", "value", "a.csv")

    assert done.returncode == 1
    assert "would replace a.csv" in done.stderr
    assert (tmp_path / "a.csv").read_text() == table(daily())


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--value-columns", "nothing"], "a.csv has no column 'nothing'"),
        (["--multivariate"], "at least two have to"),
        (["--multivariate", "--train-rows", "5000"], "has 1500 rows, and the first 5000"),
        (["--multivariate", "--settings-columns", "speed"], "no column of numbers 'speed'"),
        (["--time-unit", "ms", "--timezone", "Mars/Olympus"], "No time zone found"),
        (["--delimiter", "and"], "is one character"),
    ],
)
def test_says_what_is_wrong_with_the_options(
    tmp_path: Path, arguments: list[str], reason: str
) -> None:
    (tmp_path / "a.csv").write_text(table(daily()))
    told = StringIO()

    with pytest.raises(CommandError) as refused:
        call_command("score_csv", str(tmp_path / "a.csv"), *arguments, stderr=told)

    assert reason in told.getvalue() + str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_places_results_by_what_was_named(tmp_path: Path) -> None:
    for name in ("data/real/x.csv.gz", "data/art/x.csv"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    data, out, elsewhere = tmp_path / "data", tmp_path / "out", tmp_path / "elsewhere"

    assert jobs([data], out, elsewhere) == [
        Job(data / "art/x.csv", out / "art/x.csv"),
        Job(data / "real/x.csv.gz", out / "real/x.csv"),
    ]
    both = [data / "real/x.csv.gz", data / "art/x.csv"]
    assert [job.result for job in jobs(both, out, elsewhere)] == [
        out / "real/x.csv",
        out / "art/x.csv",
    ]
    assert [job.result for job in jobs(both[:1], out, data)] == [out / "real/x.csv"]
    assert [job.result for job in jobs([Path("real/x.csv")], out, elsewhere)] == [
        out / "real/x.csv"
    ]
    assert [job.result.name for job in jobs(both[:1], None, data)] == ["x.scores.csv"]
    with pytest.raises(FileProblem, match="would both be written to"):
        jobs([data / "a/x.csv", data / "a/x.csv.gz"], out, elsewhere)


@pytest.mark.parametrize("size", [1, 7, 350])
def test_scores_the_same_in_chunks_of_any_size(size: int) -> None:
    values = pump(700)
    values[500:, 1] = values[500:, 1].mean()
    times = np.arange(700, dtype=np.float64) * 60
    times[450:] -= 10_000
    times[600] = times[599]

    def scores(scorer: SensorScorer | AssetScorer, step: int) -> Rows:
        edges = [0, *range(400, 700, step), 700]
        return np.concatenate(
            [
                scorer.score(
                    Chunk([["", ""]] * (end - first), times[first:end], values[first:end])
                ).score
                for first, end in pairwise(edges)
                if end > first
            ]
        )

    def asset() -> AssetScorer:
        return AssetScorer("pump", NAMES, (), 400)

    np.testing.assert_array_equal(scores(asset(), size), scores(asset(), 300))
    assert scores(asset(), size)[600:].min() > 1
    np.testing.assert_array_equal(
        scores(SensorScorer(NAMES, 0, 1), size), scores(SensorScorer(NAMES, 0, 1), 300)
    )
