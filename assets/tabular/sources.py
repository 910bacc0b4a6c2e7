"""A text file, perhaps gzipped, as lines of bounded length."""

import gzip
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LONGEST_LINE = 1_000_000
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"


class FileProblem(Exception):
    """The file, or the rest of it, cannot be read: one sentence for its owner."""


class Source:
    """An open file; `position` and `size` are bytes on disk, for a progress bar."""

    def __init__(self, path: Path, raw: BinaryIO, text: TextIO) -> None:
        self.path = path
        self._raw = raw
        self._text = text
        self.size = os.fstat(raw.fileno()).st_size

    @property
    def position(self) -> int:
        return self._raw.tell() if self.size else 0  # a pipe has neither

    def lines(self) -> Iterator[tuple[int, str]]:
        """Line number (from 1) and line without its end; blank lines are left out.

        Bytes that are not in the encoding come as lone surrogates. Raises FileProblem where the
        file ends too early, cannot be read, or holds no lines.
        """
        number = 0
        try:
            while line := self._text.readline(LONGEST_LINE):
                number += 1
                if len(line) >= LONGEST_LINE:
                    raise FileProblem(
                        f"Line {number} of {self.path} is longer than {LONGEST_LINE:,} characters,"
                        " so it is not a table of readings."
                    )
                if not line.isspace():
                    yield number, line.rstrip("\n")
        except EOFError as error:
            raise FileProblem(
                f"{self.path} ends in the middle of its compressed data after line {number}:"
                " it was cut off. Copy it again."
            ) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise FileProblem(
                f"{self.path} is damaged after line {number}: its compressed data cannot be read."
                " Copy it again."
            ) from error
        except OSError as error:
            raise FileProblem(
                f"{self.path} could not be read after line {number}: {error.strerror}."
            ) from error
        except UnicodeError as error:  # only of encodings of several bytes, such as UTF-16
            raise FileProblem(
                f"{self.path} is not in the given encoding after line {number}: {error}."
            ) from error


@contextmanager
def open_source(path: Path, encoding: str) -> Iterator[Source]:
    """Open a plain or gzipped text file. Raises FileProblem when it is neither or not there."""
    try:
        raw = path.open("rb")
    except FileNotFoundError as error:
        raise FileProblem(f"There is no file {path}.") from error
    except IsADirectoryError as error:
        raise FileProblem(
            f"{path} is a folder. Name the files in it, as in {path}/*.csv."
        ) from error
    except OSError as error:
        raise FileProblem(f"{path} cannot be opened: {error.strerror}.") from error
    with raw:
        start = raw.peek(4)[:4]
        if start.startswith(_ZIP):
            raise FileProblem(
                f"{path} is a ZIP archive or an Excel workbook. Save the table as CSV first."
            )
        binary: io.BufferedReader[Any]
        binary = io.BufferedReader(_Unzipped(raw)) if start.startswith(_GZIP) else raw
        yield Source(path, raw, _as_text(path, binary, encoding))


class _Unzipped(io.RawIOBase):
    """What a gzip file holds; unlike GzipFile it hands over all that precedes a damaged place."""

    def __init__(self, raw: BinaryIO) -> None:
        self._file = gzip.GzipFile(fileobj=raw)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer)
        data = self._file.read1(len(view))
        view[: len(data)] = data
        return len(data)


def _as_text(path: Path, binary: "io.BufferedReader[Any]", encoding: str) -> TextIO:
    try:
        head = binary.peek(4096)[:4096]
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FileProblem(f"{path} is not a complete gzip file. Copy it again.") from error
    except OSError as error:
        raise FileProblem(f"{path} cannot be read: {error.strerror}.") from error
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif not encoding.lower().startswith("utf-16") and b"\0" in head.split(b"\n")[0]:
        raise FileProblem(f"{path} is not a text file. Export the readings as CSV.")
    if encoding.lower().replace("_", "-") in {"utf-8", "utf8"}:
        encoding = "utf-8-sig"  # the same, without the mark that Excel puts at the start
    return io.TextIOWrapper(binary, encoding=encoding, errors="surrogateescape", newline=None)
