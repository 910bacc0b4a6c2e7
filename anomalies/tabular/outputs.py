"""Which files are scored, where each result goes, and how it gets there whole or not at all."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, TextIO

from assets.tabular.sources import FileProblem

TABLES = (".csv", ".tsv", ".txt")
RESULT = ".scores.csv"


class Job(NamedTuple):
    """A file to score and the file for its result."""

    source: Path
    result: Path

    @property
    def report(self) -> Path:
        """The page beside the result.

        >>> Job(Path("a.csv.gz"), Path("out/a.csv")).report.name
        'a.html'
        """
        return self.result.with_name(_plain(self.result.name) + ".html")


def jobs(given: Sequence[Path], output: Path | None, here: Path) -> list[Job]:
    """One job for each file, in the order given; folders are walked.

    Without `output` a result lies beside its file: `x.csv.gz` gives `x.scores.csv`. With it, the
    folders are kept below it, and `.gz` is dropped: where one folder alone is given, those inside
    it; else a relative path (or one below `here`, the current folder) is kept as it is, and other
    paths count from the folder that they have in common.

    Raises FileProblem for a folder without tables, and where two files would have one result or
    a result would replace a file that is to be scored.
    """
    alone = given[0] if len(given) == 1 and given[0].is_dir() else None
    files = [
        (file, file.relative_to(alone) if alone else _below(file, here))
        for path in given
        for file in (_tables(path, output) if path.is_dir() else [path])
    ]
    apart = [path.absolute().parent for path, kept in files if kept is None]
    common = Path(os.path.commonpath(apart)) if apart else here
    found = []
    for path, kept in files:
        if output is None:
            result = path.with_name(_plain(path.name) + RESULT)
        else:
            result = output / (kept or path.absolute().relative_to(common))
            result = result.with_name(result.name.removesuffix(".gz"))
        found.append(Job(path, result))
    _check(found)
    return found


@contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """A text file that takes the place of `path` when the block ends well, and is removed if not.

    Raises FileProblem where it cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("w", encoding="utf-8", newline="") as file:
            yield file
        partial.replace(path)
    except OSError as error:
        raise FileProblem(
            f"{path} cannot be written: {error.strerror}. Choose another --output-dir."
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _tables(folder: Path, output: Path | None) -> list[Path]:
    out = output.resolve() if output else None
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.name.removesuffix(".gz").endswith(TABLES)
        and not path.name.endswith(RESULT)
        and not path.name.startswith(".")
        and (out is None or out == folder.resolve() or not path.resolve().is_relative_to(out))
    ]
    if not found:
        raise FileProblem(f"{folder} holds no {', '.join(TABLES)} file, plain or .gz.")
    return found


def _below(path: Path, here: Path) -> Path | None:
    """The path as it counts from `here`, without steps upward; None where it lies elsewhere."""
    if path.is_absolute():
        return path.relative_to(here) if path.is_relative_to(here) else None
    return None if ".." in path.parts else path


def _plain(name: str) -> str:
    name = name.removesuffix(".gz")
    return name.removesuffix(next((end for end in TABLES if name.endswith(end)), ""))


def _check(found: Sequence[Job]) -> None:
    sources = {job.source.resolve() for job in found}
    results: dict[Path, Path] = {}
    for job in found:
        result = job.result.resolve()
        if result in sources:
            raise FileProblem(
                f"The result of {job.source} would replace {job.result}, which is to be scored."
                " Choose another --output-dir."
            )
        if result in results:
            raise FileProblem(
                f"{results[result]} and {job.source} would both be written to {job.result}."
                " Score them one after the other, each to its own --output-dir."
            )
        results[result] = job.source
