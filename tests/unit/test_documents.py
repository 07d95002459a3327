"""What the documents say of the project itself: decisions, rooms, places and commands are those that are there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.test_architecture import LAYERS, RANKS, ROOT

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


# Places and commands

ARCHITECTURE = ROOT / "docs" / "architecture.md"
GUIDES = [path for path in PAGES if DECISIONS not in path.parents]  # what was decided may speak of what has gone
_ROOM = re.compile(r"^\| ([0-9]) \| `(\w+)` \|", re.MULTILINE)
_QUOTED = re.compile(r"`([^`\n]+)`")
_TOP = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
_TARGET = re.compile(r"(?:^\$ |`|^)make ([a-z][a-z-]*)", re.MULTILINE)
_MADE_BY_USERS = {"shared/rds-ca.pem"}


def named_places(text: str) -> set[str]:
    """The files and folders that a page names: what stands in backticks and begins with a folder of the project."""
    words = {word.rstrip(".,:;") for quoted in _QUOTED.findall(text) for word in quoted.split()}
    return {word for word in words if "/" in word and word.partition("/")[0] in _TOP and "<" not in word}


def test_the_map_has_every_room_at_its_rank() -> None:
    """The map lists the rooms of the package from the lowest rank to the highest, each once."""
    shown = [(int(rank), room) for rank, room in _ROOM.findall(text_of(ARCHITECTURE))]
    assert sorted(shown) == sorted((rank + 1, room) for room, rank in RANKS.items())
    assert [rank for rank, _ in shown] == sorted(rank for rank, _ in shown)


def test_the_house_stays_small() -> None:
    """At most 24 rooms on at most 8 ranks."""
    assert len(RANKS) <= 24
    assert len(LAYERS) <= 8


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: str(page.relative_to(ROOT)))
def test_places_are_where_a_page_says(page: Path) -> None:
    """A file or folder that a page names is there; a * stands for any name."""
    places = named_places(text_of(page)) - _MADE_BY_USERS
    assert sorted(place for place in places if not any(ROOT.glob(place.rstrip("/")))) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_are_those_that_make_knows(page: Path) -> None:
    """A page names no target that the Makefile lacks."""
    known = set(re.findall(r"^([a-z][a-z-]*):", text_of(ROOT / "Makefile"), re.MULTILINE))
    assert set(_TARGET.findall(text_of(page))) <= known
