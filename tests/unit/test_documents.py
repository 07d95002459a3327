"""What the documents say of the project itself: decisions, rooms, places and commands are those that are there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.test_architecture import ROOT

DECISIONS = ROOT / "docs" / "decisions"
DECIDED = [path for path in sorted(DECISIONS.glob("*.md")) if path.name != "README.md"]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_INDEX_ROW = re.compile(r"^\| (\S+) \| \[(.+?)\]\((\S+)\) \| (.+?) \|(.*)\|$", re.MULTILINE)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def links(text: str) -> list[str]:
    """The targets of the links to other pages, without what follows a #."""
    return [target.partition("#")[0] for target in _LINK.findall(text) if not target.startswith(("http", "#"))]


def index() -> list[tuple[str, str, str, str, str]]:
    """The rows of the decisions' index: date, title, file, the line that sums it up, what supersedes it."""
    return _INDEX_ROW.findall(text_of(DECISIONS / "README.md"))


def superseded() -> Iterator[tuple[str, str]]:
    """Each decision that was taken back, with the one that did so."""
    for _, _, name, _, by in index():
        yield from ((name, later) for later in links(by))


def test_the_index_lists_each_decision_in_order() -> None:
    """Every decision has its row, with its date and title, in the order of the file names."""
    listed = [(name, f"# {date} · {title}") for date, title, name, _, _ in index()]
    assert listed == [(path.name, text_of(path).partition("\n")[0]) for path in DECIDED]
    assert all(name.startswith(heading[2:12]) for name, heading in listed)


def test_what_was_taken_back_is_said_on_both_sides() -> None:
    """A superseded decision names the later one, which names it in turn; there is at least one such pair."""
    pairs = list(superseded())
    assert pairs
    for earlier, later in pairs:
        assert later in links(text_of(DECISIONS / earlier))
        assert earlier in links(text_of(DECISIONS / later))
        assert earlier[:10] <= later[:10]


def test_no_decision_takes_back_in_silence() -> None:
    """A decision that speaks of superseding is in the index's last column, on one side or the other."""
    speaking = {path.name for path in DECIDED if re.search(r"\*\*Supersede[sd]", text_of(path))}
    assert speaking == {name for pair in superseded() for name in pair}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """A link to another page of the project finds it."""
    assert [target for target in links(text_of(page)) if not (page.parent / target).exists()] == []
