"""install.sh, as far as it says what is missing."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from opssight.runtime.locations import REPOSITORY


def _install(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a copy of it in an empty repository, with only `sh` and `dirname` to be found."""
    script = folder / "opssight" / "runtime" / "install.sh"
    script.parent.mkdir(parents=True)
    shutil.copy(REPOSITORY / "opssight" / "runtime" / "install.sh", script)
    tools = folder / "tools"
    tools.mkdir()
    for name in ("dirname", "touch"):
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    return subprocess.run(
        ["/bin/sh", str(script)],
        env={"PATH": str(tools), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def _fake_python(folder: Path, script: str) -> str:
    path = folder / "fake-python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return os.fspath(path)


def test_says_when_there_is_no_python(tmp_path: Path) -> None:
    result = _install(tmp_path)
    assert result.returncode == 1
    assert "OpsSight needs Python 3.11, 3.12 or 3.13 and found none" in result.stderr


def test_says_when_the_given_python_will_not_do(tmp_path: Path) -> None:
    result = _install(tmp_path, PYTHON=_fake_python(tmp_path, "exit 1"))
    assert result.returncode == 1
    assert "is not a Python from 3.11 to 3.13" in result.stderr


def test_says_when_the_venv_module_is_missing(tmp_path: Path) -> None:
    python = _fake_python(tmp_path, 'case "$2" in *ensurepip*) exit 1;; esac')
    result = _install(tmp_path, PYTHON=python)
    assert result.returncode == 1
    assert "cannot make virtual environments" in result.stderr


@pytest.mark.parametrize("target", ["help", "demo", "test", "lint", "types"])
def test_make_knows_the_target(target: str) -> None:
    make = shutil.which("make")
    assert make is not None
    result = subprocess.run(
        [make, "-n", target], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
