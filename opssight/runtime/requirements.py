"""Part of requirements.lock: `python requirements.py LOCK [PACKAGE …] > PART`.

The lock holds everything a developer needs. The image takes only what the product itself needs,
or a tool that builds it, in the same versions with the same hashes. Standard library only: it runs
before anything is installed. Reads the `# via` comments, which say who asked for each package.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

PRODUCT = "opssight (pyproject.toml)"
ENTRY = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==", re.MULTILINE)


def part(lock: str, wanted: Sequence[str] = ()) -> str:
    """The entries of `wanted` packages (none: of the product) and of all that they need.

    Raises KeyError for a package that the lock does not hold.
    """
    # A package is in the lock twice when Python versions need different versions of it.
    entries = list(_entries(lock))
    if missing := set(wanted) - {name for name, _ in entries}:
        raise KeyError(", ".join(sorted(missing)))
    taken = set(wanted) or {name for name, entry in entries if PRODUCT in _asked_by(entry)}
    while more := {name for name, entry in entries if _asked_by(entry) & taken} - taken:
        taken |= more
    return "".join(entry for name, entry in entries if name in taken)


def _entries(lock: str) -> Iterator[tuple[str, str]]:
    starts = [(match["name"], match.start()) for match in ENTRY.finditer(lock)]
    ends = [start for _, start in starts[1:]] + [len(lock)]
    for (name, start), end in zip(starts, ends, strict=True):
        yield name, lock[start:end]


def _asked_by(entry: str) -> set[str]:
    """`# via a` on one line, or `# via` and one name on each line below."""
    _, _, comment = entry.partition("# via")
    return {line.strip(" #") for line in comment.splitlines()} - {""}


if __name__ == "__main__":
    sys.stdout.write(part(Path(sys.argv[1]).read_text("utf-8"), sys.argv[2:]))
