"""The front-end build: copies what is served, does nothing twice, and explains what stops it."""

import errno
import hashlib
import json
from pathlib import Path

import pytest

from opssight.runtime import frontend


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project whose packages npm has installed already."""
    lock = tmp_path / "package-lock.json"
    lock.write_text('{"lockfileVersion": 3}')
    modules = tmp_path / "node_modules"
    for source in frontend.SERVED.values():
        _write(modules / source, f"/* {source} */\n//# sourceMappingURL=file.map")
    for icon in frontend.ICONS.read_text().split():
        path = modules / "@tabler/icons/icons/outline" / f"{icon}.svg"
        _write(path, '<!-- tags -->\n<svg\n class="x">\n <path d="M0 0" />\n</svg>\n')
    for package in frontend.PACKAGES:
        _write(modules / package / "package.json", '{"version": "1.2.3", "license": "MIT"}')
    (modules / ".opssight-lock").write_text(hashlib.sha256(lock.read_bytes()).hexdigest())
    return tmp_path


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_copies_each_served_file_without_its_source_map(root: Path):
    assert frontend.build(root)

    vendor = root / "static" / "vendor"
    assert {path.name for path in vendor.iterdir()} == {
        *frontend.SERVED,
        "icons.svg",
        "VERSIONS.txt",
    }
    assert (vendor / "htmx.min.js").read_text() == "/* htmx.org/dist/htmx.min.js */"
    assert '<symbol id="bell" ' in (vendor / "icons.svg").read_text()
    assert "echarts 1.2.3 MIT\n" in (vendor / "VERSIONS.txt").read_text()


def test_does_nothing_when_all_is_built(root: Path):
    frontend.build(root)

    assert not frontend.build(root)


def test_restores_a_served_file_that_was_deleted(root: Path):
    frontend.build(root)
    (root / "static" / "vendor" / "htmx.min.js").unlink()

    assert frontend.build(root)
    assert (root / "static" / "vendor" / "htmx.min.js").is_file()


def test_leaves_no_half_built_folder_behind(root: Path):
    (root / "node_modules" / "echarts" / "package.json").unlink()

    with pytest.raises(frontend.BuildProblem, match=r"echarts/package\.json is missing"):
        frontend.build(root)
    assert list((root / "static").iterdir()) == []


def test_names_a_missing_lock_file(tmp_path: Path):
    with pytest.raises(frontend.BuildProblem, match=r"package-lock\.json is missing"):
        frontend.build(tmp_path)


def test_refuses_to_install_on_a_disk_that_is_nearly_full(
    root: Path, monkeypatch: pytest.MonkeyPatch
):
    (root / "node_modules" / ".opssight-lock").unlink()
    monkeypatch.setattr(frontend, "NEEDED_BYTES", 1 << 60)

    with pytest.raises(frontend.BuildProblem, match="disk is full"):
        frontend.build(root)


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("npm error code EAI_AGAIN", "registry could not be reached"),
        ("npm warn tar TAR_ENTRY_ERROR ENOSPC: no space left", "disk is full"),
        ("npm error code SELF_SIGNED_CERT_IN_CHAIN", "certificate"),
        ("npm error code EACCES", "may not write"),
        ("npm error code EUSAGE", "package-lock.json differ"),
        ("npm error code EINTEGRITY", "differs from package-lock.json"),
        ("npm warn old\nnpm error code EWHAT\nnpm error reason", "npm failed: code EWHAT; reason"),
    ],
)
def test_says_in_words_why_npm_failed(output: str, sentence: str):
    assert sentence in frontend._explain_npm(output)


def test_says_in_words_which_folder_may_not_be_written():
    error = PermissionError(errno.EACCES, "Permission denied", "/srv/opssight/static")

    assert frontend._explain_os_error(error).startswith("/srv/opssight/static may not be written")


def test_uses_the_npm_of_the_wheel_on_a_machine_without_node(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/nonexistent")

    node, npm = frontend._npm_command()

    assert frontend._major_version([node, npm]) >= frontend.OLDEST_NPM


def test_an_npm_that_does_not_run_counts_as_none():
    assert frontend._major_version(["/nonexistent/npm"]) == 0


def test_the_lock_file_names_no_host():
    lock = json.loads((frontend.ROOT / "package-lock.json").read_text())

    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
