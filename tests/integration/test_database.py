"""The connection on real PostgreSQL, and on a wire that loses what it carries."""

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import repeat
from pathlib import Path
from typing import Any

import pg8000.native
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pg8000.core import CoreConnection

from reminders.commands import Commands, Recipients
from reminders.errors import DatabaseRefused, DatabaseUnavailable
from reminders.model import ReminderFilter
from reminders.storage import connection as connection_module
from reminders.storage.connection import connect
from reminders.storage.database import Database
from reminders.storage.dsn import Address
from reminders.storage.store import Store
from tests.wire import Fate, Wire
from tests.world import HOUR, NOW, World, new_reminder

COUNT_BY = "INSERT INTO status_flags (key) VALUES (CAST(:key AS text))"
NUMBERED = "INSERT INTO status_flags (key) VALUES (CAST($1 AS text))"  # as it travels
COUNT = "INSERT INTO status_flags (key) VALUES ('k' || (SELECT count(*) FROM status_flags))"


@pytest.fixture
def open_database(address: Address) -> Iterator[Callable[..., Database]]:
    """Opens databases on this test's own, or at another address; they are closed when it ends."""
    opened: list[Database] = []

    def open_one(at: Address = address, **settings: Any) -> Database:
        opened.append(Database(lambda fresh: at, **settings))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


@pytest.fixture
def database(open_database: Callable[..., Database]) -> Database:
    return open_database()


def flags(world: World) -> int:
    count: int = world.sql("SELECT count(*) FROM status_flags")[0][0]
    return count


# Never the rows of another query


class Unsendable:
    """A parameter that cannot even be written as a text."""

    def __str__(self) -> str:
        raise ArithmeticError


@pytest.mark.parametrize("bad", ["\ud800", Unsendable()], ids=["a lone surrogate", "an object"])
def test_the_query_after_a_client_side_error_returns_its_own_rows(database: Database, bad: Any) -> None:
    """A parameter that cannot be sent costs the connection: the next query is not answered with this one's rows."""
    database.run("SELECT 'before'")
    with pytest.raises((UnicodeEncodeError, ArithmeticError)):
        database.run("SELECT CAST(:bad AS text), 'bad'", bad=bad)
    assert database.run("SELECT CAST(:n AS integer), 'next'", n=1) == [[1, "next"]]


def test_the_query_after_an_interrupted_read_returns_its_own_rows(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception in the middle of an answer costs the connection, so that the rest of it is never read as
    another's."""
    database.run("SELECT 1")
    interrupted = pg8000.native.Connection.handle_messages

    def interrupt(*arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pg8000.native.Connection, "handle_messages", interrupt)
    with pytest.raises(KeyboardInterrupt):
        database.run("SELECT 'old'")
    monkeypatch.setattr(pg8000.native.Connection, "handle_messages", interrupted)
    assert database.run("SELECT 'new'") == [["new"]]


@pytest.mark.parametrize("in_transaction", [False, True])
def test_what_no_answer_comes_to_is_not_asked_again(
    world: World, address: Address, open_database: Callable[..., Database], in_transaction: bool
) -> None:
    """A statement whose answer does not come in time may still be at work: the caller is told, and what comes later
    goes over another connection and gets its own rows."""
    fates = iter([Fate.SILENCE])
    with Wire(address, lambda sql: next(fates) if sql == NUMBERED else Fate.PASS) as wire:
        database = open_database(wire.address, read_timeout=2.0)
        database.run("SELECT 1")
        with pytest.raises(DatabaseUnavailable):
            if in_transaction:
                database.atomically(lambda: database.run(COUNT_BY, key="k"))
            else:
                database.run(COUNT_BY, key="k")
        assert database.run("SELECT CAST(:n AS integer)", n=2) == [[2]]
        database.close()
    assert (wire.statements.count(NUMBERED), wire.connections) == (1, 2)
    assert flags(world) == (0 if in_transaction else 1)


def test_a_commit_that_no_answer_comes_to_is_not_made_again(
    world: World, address: Address, open_database: Callable[..., Database]
) -> None:
    """Not even work that may be repeated is, while its first COMMIT may be at work."""
    with Wire(address, lambda sql: Fate.SILENCE if sql == "COMMIT" else Fate.PASS) as wire:
        database = open_database(wire.address, read_timeout=2.0)
        with pytest.raises(DatabaseUnavailable):
            database.atomically(lambda: database.run(COUNT))
        database.close()
    assert (wire.statements.count("COMMIT"), wire.connections, flags(world)) == (1, 1, 1)


def test_a_transaction_ends_with_the_client_side_error_in_it(world: World, database: Database) -> None:
    """What a transaction wrote before a parameter that cannot be sent is not committed by what follows."""

    def work() -> None:
        database.run(COUNT)
        database.run("SELECT CAST(:bad AS text)", bad="\ud800")

    with pytest.raises(UnicodeEncodeError):
        database.atomically(work)
    database.run("SELECT 1")
    assert flags(world) == 0


def test_an_error_of_the_servers_keeps_the_connection(database: Database) -> None:
    """A statement that the server refuses says why with its SQLSTATE, and the session goes on."""
    before = database.run("SELECT pg_backend_pid()")
    with pytest.raises(DatabaseRefused) as refused:
        database.run("SELECT 1 / 0")
    assert refused.value.sqlstate == "22012"
    assert database.run("SELECT pg_backend_pid()") == before


def test_a_transaction_that_fails_leaves_nothing_behind(world: World, database: Database) -> None:
    """An exception of the caller's rolls back, and the connection is in no transaction."""

    def work() -> None:
        database.run(COUNT)
        raise LookupError

    with pytest.raises(LookupError):
        database.atomically(work)
    assert (flags(world), database.run("SELECT pg_current_xact_id_if_assigned() IS NULL")) == (0, [[True]])


# One statement, one message


def test_a_statement_is_one_message_with_one_answer(address: Address, open_database: Callable[..., Database]) -> None:
    """From Parse to Sync without waiting in between: one round trip, which a pooler gives to one server. It is a
    transaction, whatever a session makes of statements by themselves."""
    with Wire(address) as wire:
        database = open_database(wire.address)
        database.run("SELECT 1")
        opened = len(wire.conversation)
        for _ in range(2):
            assert database.run("SELECT CAST(:n AS integer)", n=1) == [[1]]
        database.close()
    assert wire.conversation[opened:] == "PBEPBDEPBES." * 2 + "X"
    assert wire.statements[-3:] == [
        "BEGIN ISOLATION LEVEL READ COMMITTED",
        "SELECT CAST($1 AS integer)",
        "COMMIT",
    ]


def test_a_transaction_begins_with_its_first_statement(
    address: Address, open_database: Callable[..., Database]
) -> None:
    """BEGIN costs no round trip of its own, COMMIT and ROLLBACK have one, and a transaction of nothing has none."""
    with Wire(address) as wire:
        database = open_database(wire.address)
        database.run("SELECT 1")
        opened = len(wire.conversation)
        database.atomically(lambda: None)
        database.atomically(lambda: [database.run("SELECT CAST(:n AS integer)", n=n) for n in (1, 2)])
        with pytest.raises(DatabaseRefused):
            database.atomically(lambda: database.run("SELECT 1 / 0"))
        database.close()
    begun = "PBEPBDES."
    assert wire.conversation[opened:] == begun + "PBDES." + "Q." + begun + "Q." + "X"
    assert wire.statements[2:] == [
        "BEGIN ISOLATION LEVEL READ COMMITTED",
        "SELECT CAST($1 AS integer)",
        "SELECT CAST($1 AS integer)",
        "COMMIT",
        "BEGIN ISOLATION LEVEL READ COMMITTED",
        "SELECT 1 / 0",
        "ROLLBACK",
    ]


class Counting(socket.socket):
    """Counts how often it is written to."""

    writes = 0

    def send(self, *given: Any) -> int:
        self.writes += 1
        return super().send(*given)

    def sendall(self, *given: Any) -> None:
        self.writes += 1
        super().sendall(*given)


@pytest.mark.parametrize("length", [1, 100_000])
def test_a_statement_is_written_at_once(database: Database, monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    """However large it is, the socket gets it whole: what is sent in pieces waits for the network between them."""
    connected = connection_module._connected_socket
    counting: list[Counting] = []

    def connect_counting(address: Address) -> socket.socket:
        plain = connected(address)
        counting.append(Counting(plain.family, plain.type, fileno=plain.detach()))
        counting[-1].settimeout(connection_module.CONNECT_TIMEOUT_SECONDS)
        return counting[-1]

    monkeypatch.setattr(connection_module, "_connected_socket", connect_counting)
    database.run("SELECT 1")
    before = counting[0].writes
    assert database.run("SELECT length(CAST(:text AS text))", text="ä" * length) == [[length]]
    database.atomically(lambda: database.run("SELECT length(CAST(:text AS text))", text="ä" * length))
    assert counting[0].writes - before == 3


@pytest.mark.parametrize(
    "sql, parameter, sqlstate",
    [
        ("SELEC CAST(:it AS text)", "x", "42601"),
        ("SELECT CAST(:it AS integer)", "no number", "22P02"),
        ("SELECT 1 / CAST(:it AS integer)", "0", "22012"),
        ("SELECT 10 / (n - 3) FROM generate_series(1, CAST(:it AS integer)) n", "5", "22012"),
    ],
    ids=["parse", "bind", "execute", "after some rows"],
)
@pytest.mark.parametrize("in_transaction", [False, True])
def test_a_refusal_at_any_stage_keeps_the_connection_in_order(
    database: Database, sql: str, parameter: str, sqlstate: str, in_transaction: bool
) -> None:
    """Whichever part of a message the server refuses, the next statement gets its own answer on the same connection."""
    before = database.run("SELECT pg_backend_pid()")
    with pytest.raises(DatabaseRefused) as refused:
        if in_transaction:
            database.atomically(lambda: database.run(sql, it=parameter))
        else:
            database.run(sql, it=parameter)
    assert refused.value.sqlstate == sqlstate
    assert database.run("SELECT CAST(:n AS integer), pg_backend_pid()", n=7) == [[7, before[0][0]]]
    assert database.run("SELECT pg_current_xact_id_if_assigned() IS NULL, now() = statement_timestamp()") == [
        [True, True]
    ]


def test_a_statement_without_rows_has_none(database: Database) -> None:
    """What returns nothing, and what finds nothing, gives no rows; the columns of the latter are known."""
    assert database.run("SELECT FROM pg_class WHERE relname = :name", name="") == []
    assert database.run("CREATE TEMPORARY TABLE fleeting (n integer)") == []
    assert database.run_named("INSERT INTO fleeting VALUES (CAST(:n AS integer))", n=1) == []
    assert database.run_named("SELECT n FROM fleeting WHERE n = CAST(:n AS integer)", n=1) == [{"n": 1}]


def test_a_description_is_not_remembered_for_another_type(database: Database) -> None:
    """Columns of one name and different types are each read as what they are."""
    for value, sql_type in ((1, "integer"), ("1", "text"), ({"a": 1}, "jsonb"), (None, "integer")):
        written = '{"a": 1}' if isinstance(value, dict) else value
        assert database.run_named(f"SELECT CAST(:it AS {sql_type}) AS it", it=written) == [{"it": value}]


def test_transactions_are_read_committed(world: World, address: Address, database: Database) -> None:
    """Whatever a role or a database prefers: each statement of a transaction sees what was committed before it, and so
    does one by itself."""
    world.sql(f"ALTER DATABASE {address.database} SET default_transaction_isolation = 'serializable'")
    level = "SELECT current_setting(:name)"
    assert database.atomically(lambda: database.run("SHOW transaction_isolation")) == [["read committed"]]
    assert database.run(level, name="transaction_isolation") == [["read committed"]]
    assert database.run(level, name="default_transaction_isolation") == [["serializable"]]


def test_every_text_is_written_and_read_whatever_encoding_a_session_prefers(
    world: World, address: Address, open_database: Callable[..., Database]
) -> None:
    """A role whose client_encoding has few letters costs no message its own."""
    world.sql(f"ALTER ROLE CURRENT_USER IN DATABASE {address.database} SET client_encoding = 'LATIN1'")
    text = "Ünï — 漢字 🙂"
    assert open_database().run("SELECT CAST(:text AS text)", text=text) == [[text]]


# What is repeated


def test_deadlocked_transactions_both_end_well(
    world: World, admin: Address, address: Address, open_database: Callable[..., Database]
) -> None:
    """Of two transactions that lock the same rows in opposite order the victim is run again."""
    world.sql("INSERT INTO status_flags (key) VALUES ('a'), ('b')")
    world.sql(f"ALTER DATABASE {address.database} SET deadlock_timeout = '10ms'")
    both_hold_one = threading.Barrier(2)
    errors: list[BaseException] = []
    runs: list[str] = []

    def set_both(first: str, second: str) -> None:
        database = open_database()

        def work() -> None:
            runs.append(first)
            database.run("UPDATE status_flags SET value = true WHERE key = :key", key=first)
            if len(runs) <= 2:
                both_hold_one.wait(30)
            database.run("UPDATE status_flags SET value = true WHERE key = :key", key=second)

        try:
            database.atomically(work)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=set_both, args=order) for order in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (errors, len(runs)) == ([], 3)


def refuse(sqlstate: str) -> str:
    return f"DO $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '{sqlstate}'; END $$"


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
def test_a_serialization_failure_is_retried_three_times(world: World, database: Database, sqlstate: str) -> None:
    """A transaction that the server gives up is run again up to three times, and its work counts once."""
    tries = 0

    def work() -> None:
        nonlocal tries
        tries += 1
        database.run(COUNT)
        if tries <= 3:
            database.run(refuse(sqlstate))

    database.atomically(work)
    assert (tries, flags(world)) == (4, 1)


def test_a_transaction_that_fails_each_time_is_given_up(database: Database) -> None:
    """After three repeats the server's error is the caller's."""
    with pytest.raises(DatabaseRefused) as refused:
        database.atomically(lambda: database.run(refuse("40001")))
    assert refused.value.sqlstate == "40001"


def test_any_other_refusal_is_not_retried(database: Database) -> None:
    """A transaction that violates a constraint is run once."""
    tries: list[int] = []
    with pytest.raises(DatabaseRefused):
        database.atomically(lambda: (tries.append(1), database.run("INSERT INTO status_flags VALUES ('')")))
    assert tries == [1]


# Lost connections


def end_session(world: World, database: Database) -> None:
    """What an operator or a fail-over does."""
    (pid,) = database.run("SELECT pg_backend_pid()")[0]
    world.sql("SELECT pg_terminate_backend(CAST(:pid AS integer), 5000)", pid=pid)


def test_a_connection_that_was_lost_between_statements_is_opened_again(world: World, database: Database) -> None:
    """A session that was ended while nobody looked costs the caller nothing."""
    end_session(world, database)
    assert database.run("SELECT 'here'") == [["here"]]


def test_a_transaction_whose_connection_is_lost_is_run_again(world: World, database: Database) -> None:
    """A session that ends inside a transaction takes its work with it, and the work is done once more."""
    tries = 0

    def work() -> None:
        nonlocal tries
        tries += 1
        database.run(COUNT)
        if tries == 1:
            end_session(world, database)
        database.run("SELECT 1")

    database.atomically(work)
    assert (tries, flags(world)) == (2, 1)


def test_a_connection_is_opened_again_only_once(world: World, database: Database) -> None:
    """A transaction that loses its connection twice is the caller's to repeat."""
    tries: list[int] = []

    def work() -> None:
        tries.append(1)
        end_session(world, database)
        database.run("SELECT 1")

    with pytest.raises(DatabaseUnavailable):
        database.atomically(work)
    assert len(tries) == 2


def test_work_is_repeated_when_the_answer_to_its_commit_is_lost(
    world: World, address: Address, open_database: Callable[..., Database]
) -> None:
    """Nobody knows whether a COMMIT without an answer was one: what may be repeated is."""
    cuts = iter([Fate.CUT])
    with Wire(address, lambda sql: next(cuts, Fate.PASS) if sql == "COMMIT" else Fate.PASS) as wire:
        database = open_database(wire.address)
        database.atomically(lambda: database.run(COUNT))
        database.close()
    assert (wire.statements.count("COMMIT"), flags(world)) == (2, 2)


def test_work_that_must_not_be_repeated_is_not(
    world: World, address: Address, open_database: Callable[..., Database]
) -> None:
    """What is not repeatable is left as it is when COMMIT's answer is lost, and the caller is told."""
    with Wire(address, lambda sql: Fate.CUT if sql == "COMMIT" else Fate.PASS) as wire:
        database = open_database(wire.address)
        with pytest.raises(DatabaseUnavailable):
            database.atomically(lambda: database.run(COUNT), repeatable=False)
        database.close()
    assert (wire.statements.count("COMMIT"), flags(world)) == (1, 1)


def test_work_that_must_not_be_repeated_may_be_before_its_commit(
    world: World, address: Address, open_database: Callable[..., Database]
) -> None:
    """A connection that is lost before COMMIT was sent has committed nothing: even then the work is run again."""
    cuts = iter([Fate.CUT])
    with Wire(address, lambda sql: next(cuts, Fate.PASS) if sql == COUNT else Fate.PASS) as wire:
        database = open_database(wire.address)
        database.atomically(lambda: database.run(COUNT), repeatable=False)
        database.close()
    assert flags(world) == 1


def the_commit_of(insert: str, fates: Iterator[Fate]) -> Callable[[str], Fate]:
    """What the wire does with each COMMIT after such a statement; those of other transactions it carries."""
    heard: list[str] = []

    def fate(sql: str) -> Fate:
        heard.append(sql)
        is_its_commit = sql == "COMMIT" and any(insert in each for each in heard)
        return next(fates, Fate.PASS) if is_its_commit else Fate.PASS

    return fate


def test_a_trigger_whose_commit_is_lost_makes_one_run(world: World, address: Address) -> None:
    """A caller who is told that the database is not available has not sent two."""
    reminder = world.create()
    with Wire(address, the_commit_of("INSERT INTO reminder_runs", repeat(Fate.CUT))) as wire:
        store = Store(Database(lambda fresh: wire.address))
        with pytest.raises(DatabaseUnavailable):
            Commands(world.store_at(NOW, store), Recipients(frozenset({"kept"}))).reminders.trigger(reminder.id)
        store.close()
    world.wait_until("SELECT FROM reminder_runs")  # the server commits also when nobody listens any more
    assert len(world.runs(reminder)) == 1


def test_a_creation_whose_commit_is_lost_answers_with_what_it_made(world: World, address: Address) -> None:
    """A create is repeated after a lost COMMIT and finds its own reminder: one row, and its own to answer with."""
    with Wire(address, the_commit_of("INSERT INTO reminder_jobs", iter([Fate.CUT]))) as wire:
        store = Store(Database(lambda fresh: wire.address))
        reminder, _ = Commands(world.store_at(NOW, store), Recipients(frozenset({"kept"}))).reminders.create(
            new_reminder()
        )
        store.close()
    assert world.sql("SELECT id::text FROM reminder_jobs") == [[reminder.id]]


def test_a_server_that_is_not_there_is_unavailable(address: Address) -> None:
    """A refused connection is DatabaseUnavailable, whatever the socket says."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    database = Database(lambda fresh: address._replace(host="127.0.0.1", port=port))
    with pytest.raises(DatabaseUnavailable):
        database.run("SELECT 1")


@pytest.mark.parametrize("sqlstate", ["57P01", "53300", "57014", "55P03", "25006", "58030", "08006"])
def test_a_server_that_cannot_serve_now_is_unavailable(database: Database, sqlstate: str) -> None:
    """Shutdowns, time-outs, full disks and servers that only read are no fault of the statement."""
    with pytest.raises(DatabaseUnavailable) as lost:
        database.run(refuse(sqlstate))
    assert lost.value.why == sqlstate


def test_a_connection_that_was_not_used_for_a_minute_is_not_trusted(
    address: Address, open_database: Callable[..., Database]
) -> None:
    """By the wall clock, in a process that was frozen meanwhile: where the network has forgotten a connection, nobody
    waits for an answer. A clock that was put back says nothing about it."""
    now = [1_000_000.0]
    with Wire(address) as wire:
        database = open_database(wire.address, wall_clock=lambda: now[0])
        opened = []
        for passed in (0.0, 59.0, 61.0, 60.0, -1.0, 0.0):
            now[0] += passed
            database.run("SELECT 1")
            opened.append(wire.connections)
        now[0] += 61.0
        database.atomically(lambda: database.run(COUNT))
        opened.append(wire.connections)
        database.close()
    assert opened == [1, 1, 2, 2, 3, 3, 4]


def test_a_transaction_keeps_its_connection_however_slow_it_is(
    world: World, address: Address, open_database: Callable[..., Database]
) -> None:
    """Between the statements of a transaction no time counts: its first half is not committed by another connection."""
    now = [1_000_000.0]
    database = open_database(wall_clock=lambda: now[0])

    def work() -> list[list[Any]]:
        first = database.run("SELECT pg_backend_pid()")
        now[0] += 3_600.0
        return first + database.run("SELECT pg_backend_pid()")

    first, second = database.atomically(work)
    assert first == second


def test_what_follows_a_lost_statement_in_its_transaction_is_not_run_alone(world: World, database: Database) -> None:
    """Work that goes on after its transaction is gone writes nothing outside of one."""

    def work() -> None:
        end_session(world, database)
        with suppress(Exception):
            database.run("SELECT 1")
        database.run(COUNT)

    with pytest.raises(DatabaseUnavailable):
        database.atomically(work)
    assert flags(world) == 0


# What the server may hold up


def statement_timeout(database: Database) -> str:
    found: str = database.run("SELECT current_setting(:name)", name="statement_timeout")[0][0]
    assert database.atomically(lambda: database.run("SHOW statement_timeout")) == [[found]]
    return found


def test_the_server_gives_up_a_statement_before_its_caller_gives_up_the_server(
    world: World, address: Address, open_database: Callable[..., Database]
) -> None:
    """Whatever the role is allowed, a statement ends at three quarters of the time that its answer may take."""
    for settings, bound in (({"read_timeout": 10.0}, "7500ms"), ({}, "15s")):
        for allowed in ("0", "'1h'"):
            world.sql(f"ALTER ROLE CURRENT_USER IN DATABASE {address.database} SET statement_timeout = {allowed}")
            assert statement_timeout(open_database(**settings)) == bound


def test_a_role_that_is_allowed_less_gets_less(
    world: World, address: Address, open_database: Callable[..., Database]
) -> None:
    """A shorter time-out of the role's own holds, and a statement that outlasts it is not available."""
    world.sql(f"ALTER ROLE CURRENT_USER IN DATABASE {address.database} SET statement_timeout = '200ms'")
    database = open_database(read_timeout=10.0)
    assert statement_timeout(database) == "200ms"
    with pytest.raises(DatabaseUnavailable) as lost:
        database.run("SELECT pg_sleep(CAST(:seconds AS integer))", seconds=5)
    assert lost.value.why == "57014"


def test_nothing_of_a_transaction_is_left_on_its_session(world: World, open_database: Callable[..., Database]) -> None:
    """The time-out ends with the transaction that it was said for, also where the server refused the statement."""
    database = open_database(read_timeout=10.0)
    session = "SHOW statement_timeout"  # by itself, so as the session has it
    assert database.run(session) == [["15s"]]
    database.run("SELECT CAST(:n AS integer)", n=1)
    with pytest.raises(DatabaseRefused):
        database.run("SELECT 1 / CAST(:n AS integer)", n=0)
    database.atomically(lambda: database.run("SELECT 1"))
    assert database.run(session) == [["15s"]]


# Passwords


@pytest.fixture
def guarded(world: World, address: Address) -> Iterator[Address]:
    """This test's database for a role that needs the password `new`."""
    path = world.sql("SHOW hba_file")[0][0]
    before = world.sql("SELECT pg_read_file(:path)", path=path)[0][0]
    role = f"app_{address.database}"

    def write(content: str) -> None:
        quoted = content.replace("'", "''")
        world.sql(f"COPY (SELECT unnest(string_to_array('{quoted}', chr(10)))) TO '{path}'")
        world.sql("SELECT pg_reload_conf()")

    world.sql(f"CREATE ROLE {role} LOGIN PASSWORD 'new'")
    write(f"local all {role} scram-sha-256\nhost all {role} all scram-sha-256\n{before.rstrip()}")
    # The server reads its rules again when it comes to it: until then any password is right.
    while _accepts(address._replace(user=role, password="wrong")):
        pass
    yield address._replace(user=role, password="new")
    write(before.rstrip())
    world.sql(f"DROP ROLE {role}")


def _accepts(address: Address) -> bool:
    database = Database(lambda fresh: address)
    try:
        database.run("SELECT 1")
    except DatabaseUnavailable:
        return False
    database.close()
    return True


def test_a_refused_password_is_fetched_again(guarded: Address) -> None:
    """After a rotation the old password is refused once, the new one is asked for, and the query succeeds."""
    asked: list[bool] = []

    def where(fresh: bool) -> Address:
        asked.append(fresh)
        return guarded if fresh else guarded._replace(password="old")

    database = Database(where)
    answer = database.run("SELECT current_user")
    database.close()
    assert (answer, asked) == ([[guarded.user]], [False, True])


def test_a_password_that_is_wrong_even_when_it_is_fresh_is_refused(guarded: Address) -> None:
    """A second refusal is not met with a third try: the database is not available."""
    asked: list[bool] = []

    def where(fresh: bool) -> Address:
        asked.append(fresh)
        return guarded._replace(password="old")

    with pytest.raises(DatabaseUnavailable):
        Database(where).run("SELECT 1")
    assert asked == [False, True]


# The socket


TCP = ("TCP_USER_TIMEOUT", "TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT")


class Unspoken(CoreConnection):
    """A connection over which nothing has been said yet."""

    def __init__(self, sock: socket.socket, **given: object) -> None:
        self._usock = sock
        self.pg_types = {}


def test_small_packets_are_sent_at_once() -> None:
    """A TCP connection has TCP_NODELAY: without it each larger statement waits 40 ms."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = Address.from_url(f"postgresql://127.0.0.1:{server.getsockname()[1]}/x")
        with connect(address, Unspoken)._usock as sock:
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_a_silent_network_is_noticed_by_the_sockets_themselves() -> None:
    """What the other side does not acknowledge, and what it is asked while nothing is said, fails in seconds."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = Address.from_url(f"postgresql://127.0.0.1:{server.getsockname()[1]}/x")
        with connect(address, Unspoken)._usock as sock:
            tcp = {name: sock.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in TCP}
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) != 0
    assert 0 < tcp["TCP_USER_TIMEOUT"] <= 5_000
    assert tcp["TCP_KEEPIDLE"] + tcp["TCP_KEEPINTVL"] * tcp["TCP_KEEPCNT"] < 20


def test_a_connection_has_time_limits() -> None:
    """The client waits longer for an answer than the server lets a statement run, and not for ever."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = Address.from_url(f"postgresql://127.0.0.1:{server.getsockname()[1]}/x")
        with connect(address, Unspoken)._usock as sock:
            assert 15 < (sock.gettimeout() or 0) < 30
        with connect(address, Unspoken, 7.0)._usock as sock:
            assert sock.gettimeout() == 7.0


@pytest.mark.parametrize("host", ["db.example.com", "10.0.0.7", "localhost.example.com"])
def test_tls_is_verified_by_default_outside_of_this_machine(host: str) -> None:
    """A URL that says nothing about TLS means the full check of the certificate."""
    assert Address.from_url(f"postgresql://app@{host}/x").sslmode == "verify-full"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_this_machine_needs_no_tls(host: str) -> None:
    """Loopback is spoken to in the clear."""
    assert Address.from_url(f"postgresql://app@{host}/x").sslmode == "disable"


@pytest.mark.parametrize("sslmode", ["prefer", "require", "verify-ca", "verify-full"])
def test_only_disable_disables_tls(sslmode: str) -> None:
    """Whatever else a URL says about TLS, the certificate is verified: none of libpq's weaker modes is silently
    taken."""
    with TlsServer() as server:
        address = Address.from_url(f"postgresql://app:secret@localhost:{server.port}/x?sslmode={sslmode}")
        with pytest.raises(DatabaseUnavailable):
            Database(lambda fresh: address).run("SELECT 1")
    assert server.heard == []


def test_a_server_without_tls_is_not_spoken_to_in_the_clear() -> None:
    """A server that declines TLS gets neither a name nor a password."""
    with TlsServer(offers_tls=False) as server:
        address = Address.from_url(f"postgresql://app:secret@localhost:{server.port}/x?sslmode=verify-full")
        with pytest.raises(DatabaseUnavailable):
            Database(lambda fresh: address).run("SELECT 1")
    assert server.heard == []


def test_a_certificate_that_is_trusted_is_accepted(tmp_path: Path) -> None:
    """With the server's own authority in sslrootcert the conversation begins."""
    with TlsServer() as server:
        authority = tmp_path / "root.pem"
        authority.write_bytes(server.certificate)
        url = f"postgresql://app@localhost:{server.port}/x?sslmode=verify-full&sslrootcert={authority}"
        with pytest.raises(DatabaseUnavailable):
            Database(lambda fresh: Address.from_url(url)).run("SELECT 1")
    assert b"app" in server.heard[0]


class TlsServer:
    """Something that answers as PostgreSQL does when it is asked for TLS, and keeps what it then hears."""

    def __init__(self, offers_tls: bool = True) -> None:
        self.heard: list[bytes] = []
        self._offers_tls = offers_tls
        self.certificate, key = _self_signed()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._load(key)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> "TlsServer":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _load(self, key: bytes) -> None:
        import tempfile

        with tempfile.NamedTemporaryFile() as file:
            file.write(self.certificate + key)
            file.flush()
            self._context.load_cert_chain(file.name)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client:
                self._answer(client)

    def _answer(self, client: socket.socket) -> None:
        try:
            client.recv(8)
            client.sendall(b"S" if self._offers_tls else b"N")
            if self._offers_tls:
                with self._context.wrap_socket(client, server_side=True) as secure:
                    self._keep(secure.recv(1000))
            else:
                self._keep(client.recv(1000))
        except OSError:
            pass

    def _keep(self, data: bytes) -> None:
        if data:
            self.heard.append(data)


def _self_signed() -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM), key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


# No session state


def test_a_session_is_left_as_it_was_found(world: World, address: Address) -> None:
    """Nothing that the engine sends sets, prepares, listens or takes a session's lock, so a pooler may stand
    between."""
    with Wire(address) as wire:
        stores = [Store(Database(lambda fresh: wire.address)) for _ in range(2)]
        commands = Commands(world.store_at(NOW, stores[0]), Recipients(frozenset(world.channels)))
        world.kept.fail = lambda run: OSError("busy") if run.attempt == 1 else None
        reminder, _ = commands.reminders.create(new_reminder(body="{{entity_id}}"))
        commands.reminders.trigger(reminder.id)
        for moment in (NOW, NOW + HOUR):
            world.tick(moment, store=stores[1])
        commands.reminders.pause(reminder.id)
        commands.reminders.resume(reminder.id)
        commands.flags.set("feedback_submitted", True)
        commands.reminders.page(ReminderFilter(), before=None, limit=1)
        for store in stores:
            store.close()
    told = [line for sql in wire.statements for line in sql.upper().splitlines() if not line.startswith("--")]
    words = {"SHOW", "BEGIN", "COMMIT", "ROLLBACK", "WITH", "SELECT", "UPDATE", "INSERT", "DELETE"}
    first_words = {sql.split()[0] for sql in map(_without_comments, wire.statements)}
    assert {"BEGIN", "WITH", "INSERT"} <= first_words <= words
    assert [line for line in told if "PG_ADVISORY" in line or "SET_CONFIG" in line or "PG_NOTIFY" in line] == []
    assert set(wire.prepared) == {""}


def _without_comments(sql: str) -> str:
    return "\n".join(line for line in sql.upper().splitlines() if not line.startswith("--"))


# URLs


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app:p%40ss%2Fword@db.example.com:5433/reminders?sslmode=verify-full&sslrootcert=/etc/root.pem",
        "postgresql://postgres@[::1]:5433/x",
        "postgresql://postgres@:6543/x?host=/tmp/some%20folder",
        "postgresql://a%3Ab@localhost/x",
    ],
)
def test_an_address_survives_being_written_as_a_url(url: str) -> None:
    """What is read from a URL is read again from the URL that it gives."""
    address = Address.from_url(url)
    assert Address.from_url(address.url) == address


def test_a_url_is_read_as_libpq_reads_it() -> None:
    """User and password are percent-decoded, and what is missing has libpq's defaults."""
    address = Address.from_url("postgresql://app:p%40ss%2Fword@db.example.com/reminders")
    assert address == Address(
        host="db.example.com",
        port=5432,
        database="reminders",
        user="app",
        password="p@ss/word",
        sslmode="verify-full",
        sslrootcert=None,
    )
