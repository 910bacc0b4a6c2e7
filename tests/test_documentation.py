"""What the documents say about the repository is true, as far as a program can tell."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?\n(.*?)```|`([^`\n]+)`", re.DOTALL)
MAKE = re.compile(r"(?:^|\s)make((?: [a-z][a-z0-9-]*)+)", re.MULTILINE)
TARGET = re.compile(r"^([a-z][a-z0-9-]*):(?!=)", re.MULTILINE)
# How pip's and npm's files would say which registry the packages come from.
NAMES_REGISTRY = re.compile(
    r'^\s*(--(extra-)?index-url|"resolved"|(@[\w-]+:)?registry\s*=)', re.MULTILINE
)


def repository_files() -> list[Path]:
    """Everything that is or may be committed."""
    result = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        pytest.skip("this is not a git repository")
    return [path for name in result.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def documents() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def links(document: Path) -> list[str]:
    """The targets of its relative links, without code."""
    text = CODE.sub("", document.read_text())
    return [target for target in LINK.findall(text) if "://" not in target]


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    for target in links(document):
        name, _, fragment = target.partition("#")
        linked = (document.parent / name).resolve() if name else document
        assert linked.exists(), target
        if fragment:
            headings = re.findall(r"^#+ (.*)$", linked.read_text(), re.MULTILINE)
            assert fragment in map(anchor, headings), target


def test_every_document_can_be_reached_from_the_index() -> None:
    reached, waiting = set(), [ROOT / "docs" / "index.md"]
    while waiting:
        document = waiting.pop()
        if document not in reached:
            reached.add(document)
            linked = [(document.parent / t.partition("#")[0]).resolve() for t in links(document)]
            waiting += [path for path in linked if path.suffix == ".md" and path.exists()]

    missing = sorted(str(path) for path in (ROOT / "docs").rglob("*.md") if path not in reached)
    assert not missing, f"add a link to docs/index.md: {missing}"


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text()))
    for document in documents():
        for block, span in CODE.findall(document.read_text()):
            for names in MAKE.findall(block or span):
                assert set(names.split()) <= targets, f"{document}: make{names}"


def test_the_workflow_runs_make_targets_that_exist() -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text()))
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    jobs = workflow["jobs"].values()
    commands = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    named = set(workflow["jobs"]["check"]["strategy"]["matrix"]["target"])
    named |= {
        name for command in commands for names in MAKE.findall(command) for name in names.split()
    }

    assert {"lint", "types", "test", "test-timescale", "k8s-check"} <= named
    assert named <= targets


def test_every_decision_is_numbered_and_listed() -> None:
    folder = ROOT / "docs" / "adr"
    files = sorted(path.name for path in folder.glob("0*.md"))

    assert [name[:4] for name in files] == [f"{n:04}" for n in range(1, len(files) + 1)]
    assert links(folder / "README.md") == files


def test_no_lock_names_a_package_registry() -> None:
    """Installations use the registry that their machine is set up with."""
    names = {"requirements.lock", "package-lock.json", ".npmrc"}
    locks = [path for path in repository_files() if path.name in names]

    assert {path.name for path in locks} == names
    assert not [str(path) for path in locks if NAMES_REGISTRY.search(path.read_text())]
