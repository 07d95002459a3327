"""What is installed is what was locked: exact versions, each with the hashes of its files."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = [
    *ROOT.glob("requirements-*.txt"),
    ROOT / "shared" / "requirements.txt",
    *ROOT.glob("functions/*/requirements.txt"),
    *ROOT.glob("bench/*/requirements.txt"),
]
_PINNED = re.compile(r"[a-z0-9._-]+(\[[a-z0-9,_-]+\])?==\S+.*")


def entries(lock: Path) -> list[str]:
    """The requirements of a lock file, each with its hashes on one line."""
    text = "\n".join(
        line for line in lock.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")
    )
    return [entry for entry in text.replace("\\\n", " ").splitlines() if entry.strip()]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_every_requirement_has_a_version_and_hashes(lock: Path) -> None:
    """No lock file lets a version or a file through that it does not name."""
    assert entries(lock)
    assert [entry for entry in entries(lock) if not (_PINNED.match(entry) and "--hash=sha256:" in entry)] == []


def test_no_requirements_are_without_a_lock() -> None:
    """Each list of what is wanted has its lock beside it."""
    wanted = {path for path in ROOT.glob("**/requirements*.in") if not _is_hidden(path.relative_to(ROOT))}
    assert {path.with_suffix(".txt") for path in wanted} == set(LOCKS)


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def test_the_virtual_environment_checks_hashes() -> None:
    """make installs nothing whose hash is not in a lock file."""
    installs = re.findall(r"pip install[^\n]*", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert installs
    assert [line for line in installs if "--require-hashes" not in line] == []
