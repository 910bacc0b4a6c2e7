"""Where the public data sets for tests are. They are no part of this repository."""

import os
from pathlib import Path

import pytest


def data_folder() -> Path | None:
    """`OPSSIGHT_TEST_DATA`, or `shared/data` beside the working copy; None when neither exists."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get("OPSSIGHT_TEST_DATA", beside))
    return folder if folder.is_dir() else None


def need_data(name: str) -> Path:
    """The folder of one data set; skips the test, with the reason, where it is missing."""
    folder = data_folder()
    if folder is None or not (folder / name).is_dir():
        pytest.skip(f"public data set {name} is not on this machine (set OPSSIGHT_TEST_DATA)")
    return folder / name
