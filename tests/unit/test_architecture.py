"""The shape of the house: which way imports run, where SQL may stand, and what a cold start loads."""

import ast
import functools
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from reminders import channels
from tests.world import leased

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "shared" / "reminders"
FUNCTIONS = ROOT / "functions"
SQL = PACKAGE / "storage" / "sql"

PURE = {"instants", "states", "model", "runs", "errors", "schedules", "conditions", "messages", "lifecycle"}
# A room may import only from the lines above its own.
LAYERS: tuple[set[str], ...] = (
    {"instants", "states", "errors", "settings", "observe", "egress"},
    {"model"},
    {"runs", "schedules", "conditions", "messages"},
    {"channels", "lifecycle"},
    {"storage"},
    {"commands", "engine"},
    {"api", "wiring"},
)
RANKS = {name: rank for rank, names in enumerate(LAYERS) for name in names}


def modules() -> Iterator[tuple[str, Path]]:
    """Each file of the package with the room that it belongs to: a module or a folder at the package's top."""
    for path in sorted(PACKAGE.glob("*/**/*.py")) + sorted(PACKAGE.glob("[!_]*.py")):
        yield path.relative_to(PACKAGE).with_suffix("").parts[0], path


def imports(path: Path) -> Iterator[str]:
    """The full names of what a file imports, also within functions: a name from a package may be a module of it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_parts(path: Path) -> set[str]:
    """The parts of the package that a file imports."""
    return {name.split(".")[1] for name in imports(path) if name.startswith("reminders.")}


def distributions(path: Path) -> set[str]:
    """The top-level names that a file imports."""
    return {name.split(".")[0] for name in imports(path)}


FILES = [pytest.param(part, path, id=str(path.relative_to(PACKAGE))) for part, path in modules()]


@pytest.mark.parametrize("part, path", FILES)
def test_imports_run_one_way(part: str, path: Path) -> None:
    """A module knows only what stands before it: the pure core, the database, the store, the verbs, the doors."""
    wrong = {name for name in own_parts(path) - {part} if RANKS[name] >= RANKS[part]}
    assert wrong == set()


def test_every_part_has_its_place() -> None:
    """A new module says where it stands."""
    assert {part for part, _ in modules()} == set(RANKS)


STANDARD = {"abc", "bisect", "calendar", "collections", "copy", "dataclasses", "datetime", "enum", "functools", "hashlib", "itertools", "json", "math", "os", "re", "types", "typing", "unicodedata", "uuid"}  # fmt: skip
CALENDARS = {"cron_descriptor", "cronsim", "importlib", "tzdata", "zoneinfo"}


@pytest.mark.parametrize("part, path", [(part, path) for part, path in modules() if part in PURE], ids=str)
def test_the_core_is_pure(part: str, path: Path) -> None:
    """Rules import no store, no clock, no socket: only each other, a little of the standard library, and calendars'
    libraries."""
    assert own_parts(path) <= PURE
    assert distributions(path) <= {"reminders", *STANDARD, *(CALENDARS if part == "schedules" else ())}


@pytest.mark.parametrize("part, path", FILES)
def test_only_the_http_edge_knows_pydantic(part: str, path: Path) -> None:
    """Nothing but api/ imports pydantic."""
    assert part == "api" or "pydantic" not in distributions(path)


@pytest.mark.parametrize("part, path", FILES)
def test_only_the_database_knows_its_driver(part: str, path: Path) -> None:
    """Nothing but storage/ imports pg8000, and nobody SQLAlchemy or Alembic."""
    known = distributions(path) & {"pg8000", "sqlalchemy", "alembic"}
    assert known <= ({"pg8000"} if part == "storage" else set())


@pytest.mark.parametrize("part, path", FILES)
def test_boto3_is_imported_where_it_is_used(part: str, path: Path) -> None:
    """No module imports boto3 or botocore when it is itself imported: a cold start would pay for it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    at_import = {
        alias.name.split(".")[0] for node in tree.body if isinstance(node, ast.Import) for alias in node.names
    } | {str(node.module).split(".")[0] for node in tree.body if isinstance(node, ast.ImportFrom)}
    assert at_import & {"boto3", "botocore"} == set()


# SQL

LONGEST_LINE = 120

_STATEMENT = re.compile(r"\b(SELECT\s|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|ALTER\s+(TABLE|ROLE)|CREATE\s)")


def texts(path: Path) -> Iterator[str]:
    """The string constants of a file that are not docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in documentation:
            yield node.value


HANDLERS = [path for path in sorted(FUNCTIONS.rglob("*.py")) if "migrations" not in path.parts]


@pytest.mark.parametrize(
    "path", [path for _, path in modules()] + HANDLERS, ids=lambda path: str(path.relative_to(ROOT))
)
def test_no_statement_stands_in_python(path: Path) -> None:
    """SQL is in sql/, one statement a file, and nowhere else."""
    assert [text for text in texts(path) if _STATEMENT.search(text)] == []


@pytest.mark.parametrize("part, path", FILES)
def test_only_the_store_knows_the_statements(part: str, path: Path) -> None:
    """No other module names the folder or its files."""
    assert part == "storage" or [text for text in texts(path) if text == "sql" or text.endswith(".sql")] == []


def statements_of_tables() -> Counter[str]:
    """How many of the tables' methods name each statement, as `folder/name`."""
    found: Counter[str] = Counter()
    folders = dict(
        re.findall(
            r"(\w+Table)\(self\._sql\.of\(\"(\w+)\"\)\)", (PACKAGE / "storage" / "store.py").read_text(encoding="utf-8")
        )
    )
    for path in (PACKAGE / "storage").glob("*.py"):
        for table in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(table, ast.ClassDef) and table.name in folders:
                for method in table.body:
                    found.update({f"{folders[table.name]}/{name}" for name in _named_by(method)})
    return found


def _named_by(method: ast.stmt) -> set[str]:
    return {
        node.args[0].value
        for node in ast.walk(method)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("rows", "value", "records", "_one")
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def test_a_statement_belongs_to_one_method() -> None:
    """Every file in sql/ is used by exactly one method of its table, and every method's file is there."""
    expected = {path.relative_to(SQL).with_suffix("").as_posix() for path in SQL.glob("*/*.sql")}
    assert statements_of_tables() == Counter(expected)
    assert [path.name for path in SQL.glob("*.sql")] == ["now.sql"]


@pytest.mark.parametrize("path", sorted(SQL.rglob("*.sql")), ids=lambda path: path.name)
def test_a_statement_says_what_it_is_for(path: Path) -> None:
    """A file in sql/ begins with a sentence and holds one statement."""
    text = path.read_text(encoding="utf-8")
    assert re.match(r"-- [A-Z][^.:]*[.:]", text)
    assert [line for line in text.splitlines() if len(line) > LONGEST_LINE] == []
    code = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    assert (code.count(";"), code.rstrip()[-1]) == (1, ";")


SQL_ELSEWHERE = sorted({*(ROOT / "bench").rglob("*.sql"), *FUNCTIONS.rglob("*.sql")})


@pytest.mark.parametrize("path", SQL_ELSEWHERE, ids=lambda path: path.name)
def test_no_line_of_sql_is_too_long(path: Path) -> None:
    """What the linter holds for Python holds for every other statement, too."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > LONGEST_LINE] == []


# Sizes


def functions_of(path: Path) -> Iterator[tuple[str, int]]:
    """The functions of a file with their lengths in lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize(
    "path", [path for _, path in modules()] + HANDLERS, ids=lambda path: str(path.relative_to(ROOT))
)
def test_modules_and_functions_stay_short(path: Path) -> None:
    """A module has at most 250 lines, a function at most 40: what is longer is split by meaning."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 250
    assert [name for name, length in functions_of(path) if length > 40] == []


# Values


@functools.cache
def named_tuples() -> set[str]:
    """The named tuples of more than five fields."""
    return {
        node.name
        for _, path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id == "NamedTuple" for base in node.bases)
        and sum(isinstance(member, ast.AnnAssign) for member in node.body) > 5
    }


@pytest.mark.parametrize("part, path", FILES)
def test_long_tuples_are_built_by_name(part: str, path: Path) -> None:
    """A value of more than five places is built by the names of its fields; only storage/ knows the order of columns."""
    long = named_tuples()
    wrong = [
        ast.unparse(node)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Name) and node.func.id in long and len(node.args) > 5)
            or (isinstance(node.func, ast.Attribute) and node.func.attr == "__new__" and len(node.args) > 6)
        )
    ]
    made = [
        ast.unparse(node)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr == "_make"
        and isinstance(node.value, ast.Name)
        and node.value.id in long
    ]
    assert wrong == []
    assert part == "storage" or made == []


# What a cold start loads


def loaded_by(function: str) -> set[str]:
    """The modules and libraries that a fresh process has loaded once it has imported a function, as Lambda imports it.

    Powertools asks whether botocore is there by importing it, which costs nothing: only its parts count as loaded.
    """
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "POWERTOOLS_", "EMAIL_", "WEBHOOK_", "EGRESS_"))
    } | {
        "PYTHONPATH": os.pathsep.join([str(FUNCTIONS / function), str(ROOT / "shared")]),
        "DATABASE_URL": "postgresql://nobody@localhost:1/nowhere",
    }
    code = "import app, sys; print('\\n'.join(sys.modules))"
    answer = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT / "shared", capture_output=True, text=True, check=True
    )
    loaded = set(answer.stdout.split()) - {"botocore"}
    return loaded | {name.split(".")[0] for name in loaded}


HEAVY = {"boto3", "botocore", "sqlalchemy", "alembic", "urllib3", "requests", "uvicorn", "cryptography"}


def test_a_cold_scheduler_loads_nothing_heavy() -> None:
    """Importing the scheduler's function reaches no AWS library, no pydantic, no SQLAlchemy, nor what sends webhooks,
    speaks SMTP where that is not set, or what only whole reminders need."""
    loaded = loaded_by("scheduler")
    assert {"pg8000", "reminders.channels.webhook"} <= loaded
    too_much = {
        "pydantic",
        "pydantic_core",
        "standardwebhooks",
        "reminders.egress",
        "smtplib",
        "reminders.model.reminder",
    }
    assert loaded & (HEAVY | too_much) == set()


def test_a_cold_api_loads_nothing_but_what_a_request_needs() -> None:
    """Importing the API's function reaches neither AWS's library nor SQLAlchemy, nor what plans."""
    loaded = loaded_by("api")
    assert "pydantic" in loaded
    assert loaded & (HEAVY | {"reminders.lifecycle.decide", "reminders.storage.due"}) == set()


# Channels


PIGEON = """
from reminders.channels import Channel, channel

@channel("pigeon")
class Pigeon(Channel):
    concurrency = 1
    timeout_seconds = 1.0

    def __init__(self, home):
        self.home = home

    @classmethod
    def from_environment(cls, environment):
        return cls(environment["PIGEON_HOME"])

    def send_one(self, run):
        return "coo"
"""


def test_a_channel_is_found_by_being_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A third party's channel is one module with one class and one decorator, dropped into the folder, and reads its
    settings itself."""
    (tmp_path / "pigeon.py").write_text(PIGEON, encoding="utf-8")
    channels.known_channels()
    monkeypatch.setattr(channels, "_REGISTRY", dict(channels._REGISTRY))
    monkeypatch.setattr(channels, "__path__", [*channels.__path__, str(tmp_path)])
    built = channels.build_channels({"PIGEON_HOME": "loft", "EMAIL_TRANSPORT": "outbox:/nowhere"})
    assert built["pigeon"].home == "loft"  # type: ignore[attr-defined]
    assert channels.known_channels() == {"pigeon", "email", "log", "webhook"}
    monkeypatch.delitem(sys.modules, "reminders.channels.pigeon")


def test_the_channels_for_now() -> None:
    """Email, the log and webhooks are what comes with the engine."""
    assert channels.known_channels() == {"email", "log", "webhook"}


def test_the_readmes_channel_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the README shows to authors of channels can be pasted: it registers, is built, and sends."""
    channels.known_channels()
    monkeypatch.setattr(channels, "_REGISTRY", dict(channels._REGISTRY))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = [block for block in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "@channel" in block]
    exec(example, {"page": lambda recipient, subject, idempotency_key: f"{recipient} {idempotency_key}"})
    built = channels.build_channels({"EMAIL_TRANSPORT": "outbox:/nowhere"})["pager"]
    run = leased(recipient="+4930")
    assert built.send([run]) == [channels.Sent(f"+4930 {run.key}")]
