"""`make sql` at a terminal, through a pseudo terminal, and with Q."""

import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.doors import ROOT
from tests.world import World

FIRST, NEXT = "reminders=> ", "reminders-> "


class Terminal:
    """Somebody who types, and reads what comes back."""

    def __init__(self, process: subprocess.Popen[bytes], file: int) -> None:
        self.process = process
        self._file = file

    def reads(self, *ends: str) -> str:
        """Everything up to one of these ends."""
        text = ""
        while not text.endswith(ends):
            ready, _, _ = select.select([self._file], [], [], 30.0)
            assert ready, text
            try:
                piece = os.read(self._file, 4096).decode()
            except OSError:  # how a pseudo terminal says that it has ended
                break
            assert piece, text
            text = re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]|\r", "", text + piece)
        return text

    def types(self, text: str, *ends: str) -> str:
        """Types, and reads up to the next prompt."""
        os.write(self._file, text.encode())
        return self.reads(*(ends or (FIRST, NEXT)))


@pytest.fixture
def environment(world: World) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if name not in ("Q", "DATABASE_SECRET_ARN")}
    path = f"{ROOT / 'shared'}:{ROOT}"
    return given | {"PYTHONPATH": path, "DATABASE_URL": world.address.url, "TERM": "dumb", "INPUTRC": "/dev/null"}


@pytest.fixture
def terminal(environment: dict[str, str], world: World, tmp_path: Path) -> Iterator[Terminal]:
    """`make sql` at its first prompt, with three reminders in the database."""
    world.plant(3)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "local.sql"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=tmp_path,
        env=environment,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(theirs)
    found = Terminal(process, ours)
    found.reads(FIRST)
    yield found
    process.kill()
    process.wait()
    os.close(ours)


def _take_terminal() -> None:
    """So that Ctrl-C reaches the process as a signal."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def changed(world: World) -> Callable[[], int]:
    """How many reminders somebody has changed."""
    return lambda: int(world.sql("SELECT count(*) FROM reminder_jobs WHERE event_type = 'new'")[0][0])


def test_a_statement_goes_on_until_its_semicolon(terminal: Terminal, changed: Callable[[], int]) -> None:
    """An UPDATE that was pasted in two lines changes what its second line says."""
    said = terminal.types(
        "UPDATE reminder_jobs SET event_type = 'new'\nWHERE entity_id = 'n_2';\n", f"UPDATE 1\n{FIRST}"
    )
    assert said.endswith(f"UPDATE 1\n{FIRST}")
    assert changed() == 1


def test_quotes_are_minded(terminal: Terminal) -> None:
    """A semicolon in a text ends nothing."""
    assert terminal.types("SELECT 'a;\n").endswith(NEXT)
    assert "1 row\n" in terminal.types("b' AS text;\n")


def test_reading_says_rows_and_writing_what_it_did(terminal: Terminal) -> None:
    """As the server says it."""
    assert "n_1\nn_2\nn_3\n3 rows\n" in terminal.types("SELECT entity_id FROM reminder_jobs ORDER BY 1;\n")
    assert "\n1 row\n" in terminal.types("SELECT 1 AS a;\n")
    assert "\n3 rows\n" in terminal.types("SELECT FROM reminder_jobs;\n")
    assert "INSERT 1\n" in terminal.types("INSERT INTO status_flags (key) VALUES ('a');\n")
    assert "DELETE 1\n" in terminal.types("DELETE FROM status_flags WHERE key = 'a';\n")
    assert "BEGIN\n" in terminal.types("BEGIN;\n")
    assert "is not there" not in terminal.types("ROLLBACK;\n")
    assert "does not exist" in terminal.types("SELECT is_not_there;\n")


@pytest.mark.parametrize(("answer", "count"), [("no", 0), ("", 0), ("yes", 3), ("Y", 3), ("\x03", 0)])
def test_an_update_without_where_is_asked_for(
    terminal: Terminal, changed: Callable[[], int], answer: str, count: int
) -> None:
    """It is run after a yes, and after nothing else."""
    asked = terminal.types("UPDATE reminder_jobs SET event_type = 'new';\n", "(yes/no) ")
    assert "This UPDATE has no WHERE" in asked
    terminal.types(answer if answer == "\x03" else f"{answer}\n", FIRST)
    assert changed() == count


def test_what_was_pasted_after_it_is_no_answer(terminal: Terminal, changed: Callable[[], int]) -> None:
    """It is read as what comes next."""
    said = terminal.types("DELETE FROM reminder_jobs;\nSELECT 40 + 2 AS sum;\n", f"1 row\n{FIRST}")
    assert "not run" in said
    assert "42" in said
    assert changed() == 0


def test_ctrl_c_drops_what_is_typed(terminal: Terminal, changed: Callable[[], int]) -> None:
    """And the prompt is there again."""
    terminal.types("UPDATE reminder_jobs SET event_type = 'new'\n", NEXT)
    assert terminal.types("\x03", FIRST).endswith(FIRST)
    assert "\n1 row\n" in terminal.types("SELECT 1 AS a;\n", FIRST)
    assert changed() == 0


def test_ctrl_c_ends_a_statement_that_runs(terminal: Terminal, world: World) -> None:
    """On the server too, and the session goes on."""
    os.write(terminal._file, b"SELECT pg_sleep(3600);\n")
    world.wait_until("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")
    assert "interrupted" in terminal.types("\x03", FIRST)
    assert "\n1 row\n" in terminal.types("SELECT 1 AS a;\n", FIRST)
    assert world.sql("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()") == []


@pytest.mark.parametrize("typed", ["", "UPDATE reminder_jobs SET event_type = 'new'\n"])
def test_ctrl_d_ends_and_runs_nothing(terminal: Terminal, changed: Callable[[], int], typed: str) -> None:
    """Also in the middle of a statement."""
    if typed:
        terminal.types(typed, NEXT)
    os.write(terminal._file, b"\x04")
    assert terminal.process.wait(30) == 0
    assert changed() == 0


def test_a_line_can_be_edited_and_had_again(terminal: Terminal) -> None:
    """Ctrl-A, and Ctrl-P for the line before."""
    assert "\n1 row\n" in terminal.types(" 7 AS a;\x01SELECT\n", FIRST)
    assert "7" in terminal.types("\x10\n", FIRST)


def test_a_session_that_the_server_ends_is_opened_again(terminal: Terminal, world: World) -> None:
    """The next statement works."""
    world.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'reminders' AND pid <> pg_backend_pid() AND datname = current_database()"
    )
    assert "lost" in terminal.types("SELECT 1 AS a;\n", FIRST) or "terminating" in terminal.types("", FIRST)
    assert "\n1 row\n" in terminal.types("SELECT 1 AS a;\n", FIRST)


def run(environment: dict[str, str], typed: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local.sql"], env=environment | settings, input=typed, capture_output=True, text=True
    )


def test_q_is_run_as_it_is(environment: dict[str, str], world: World, changed: Callable[[], int]) -> None:
    """Nobody is there to be asked."""
    world.plant(3)
    done = run(environment, Q="UPDATE reminder_jobs SET event_type = 'new'")
    assert (done.returncode, done.stdout, changed()) == (0, "UPDATE 3\n", 3)
    assert run(environment, Q="SELECT count(*) FROM reminder_jobs").stdout == "count\n3\n1 row\n"
    failed = run(environment, Q="SELECT nothing")
    assert (failed.returncode, failed.stderr) == (1, 'column "nothing" does not exist\n')


def test_what_is_piped_in_is_run(environment: dict[str, str], world: World, changed: Callable[[], int]) -> None:
    """Without a prompt, without questions, and the last statement may lack its semicolon."""
    world.plant(3)
    done = run(environment, "UPDATE reminder_jobs\nSET event_type = 'new'; SELECT 1 AS a;\nSELECT 2 AS b")
    assert (done.returncode, done.stdout, changed()) == (0, "UPDATE 3\na\n1\n1 row\nb\n2\n1 row\n", 3)


def test_without_a_database_it_says_how_to_start_one(environment: dict[str, str], tmp_path: Path) -> None:
    """And a wrong setting is named."""
    done = run(environment, DATABASE_URL="postgresql://u:hush@127.0.0.1:1/x")
    assert (done.returncode, "make run" in done.stderr, done.stderr.count("\n")) == (1, True, 1)
    done = run(environment, DATABASE_URL="postgresql://u:hush#x@127.0.0.1:1/x")
    assert (done.returncode, "DATABASE_URL" in done.stderr, "hush" in done.stderr) == (1, True, False)
