"""A wrong setting ends the start with one sentence that names it: of `make run`, and of both functions."""

import os
import runpy
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local import __main__ as local
from local import database_url as written
from reminders import channels
from reminders.settings import BadSetting
from reminders.storage.dsn import Address
from tests.doors import ROOT
from tests.world import World

SECRET = "hush"
ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x"

# Those of the database, which every process reads, and the whole engine's.
ENGINE = [
    ("DATABASE_URL", f"postgresql://u:{SECRET}#x@localhost/d"),
    ("DATABASE_URL", f"postgresql://u:{SECRET}/x@localhost/d"),
    ("DATABASE_URL", f"postgresql://u:12?{SECRET}@localhost/d"),
    ("DATABASE_URL", f"postgresql://u:{SECRET}@x@localhost/d"),
    ("DATABASE_URL", f"postgresql://u:{SECRET}[@localhost/d"),
    ("DATABASE_URL", f"postgresql://u:{SECRET}@localhost:port/d"),
    ("DATABASE_URL", f"postgresql://u:{SECRET}@localhost:99999/d"),
    ("DATABASE_URL", f"postgresql://u:{SECRET}@localhost:0/d"),
    ("DATABASE_URL", f"mysql://u:{SECRET}@localhost/d"),
    ("DATABASE_URL", f"postgresql:u:{SECRET}@localhost/d"),
    ("DATABASE_URL", SECRET),
    ("DATABASE_URL", f"postgresql://u:{SECRET}@localhost/d?sslmode=sometimes"),
    ("DATABASE_URL", f"postgresql://u:{SECRET}@db.example.com/d?sslrootcert=/not/there.pem"),
    ("DATABASE_URL", f"postgresql://u:{SECRET}@db.example.com/d?sslrootcert=/etc/hostname"),
    ("DATABASE_SECRET_ARN", SECRET),
    ("SSL_CERT_FILE", "/not/there.pem"),
    ("SSL_CERT_FILE", "/etc/hostname"),
    ("PUNCTUALITY", "hour"),
    ("MAX_WORKERS", "many"),
    ("MAX_WORKERS", "-1"),
    ("MAX_WORKERS", "1e3"),
    ("MAX_WORKERS", "1_0"),
    ("MAX_WORKERS", "٣"),
    ("MAX_WORKERS", "9" * 5_000),
    ("RUN_RETENTION_DAYS", "0"),
    ("RUN_RETENTION_DAYS", "-7"),
    ("RUN_RETENTION_DAYS", "1.5"),
    ("RUN_RETENTION_DAYS", "2000000000"),
    ("WEBHOOK_ENDPOINTS", f'{{"crm": "{SECRET}"'),
    ("WEBHOOK_ENDPOINTS", "[" * 100_000),
    ("WEBHOOK_ENDPOINTS", f'{{"crm": {{"url": "http://u:{SECRET}@x", "secrets": []}}}}'),
    ("WEBHOOK_SECRETS", f'["{SECRET}"]'),
    ("EGRESS_ALLOW", "everything"),
    ("EGRESS_ALLOW", "port:0"),
    ("EGRESS_ALLOW", "10.0.0.1/8"),
]
# Of what only a process that sends has.
SENDER = [
    ("EMAIL_TRANSPORT", "carrier pigeon"),
    ("EMAIL_TRANSPORT", "outbox:"),
    ("EMAIL_TRANSPORT", "outbox:/etc/hostname/mail"),
    ("EMAIL_TRANSPORT", f"smtp://u:{SECRET}#x@localhost"),
    ("EMAIL_TRANSPORT", f"smtp://u:{SECRET}@localhost:mail"),
    ("EMAIL_TRANSPORT", f"smtp://u:{SECRET}@"),
    ("EMAIL_TRANSPORT", "smtp:localhost"),
    ("EMAIL_SENDER", "reminders"),
    ("EMAIL_SENDER", "a@b, c@d"),
    ("DEFAULT_EMAIL_RECIPIENT", "nobody in particular"),
]
LOCAL = [
    ("PORT", "http"),
    ("PORT", "-1"),
    ("PORT", "70000"),
    ("PORT", "٣"),
    ("POSTGRES_VERSION", "9.6"),
]


def short(value: object) -> str:
    return str(value)[:40]


@pytest.fixture
def start(
    tmp_path: Path, address: Address, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., tuple[int, str]]]:
    """`make run` with settings in the environment: its exit code and what it has said of it."""
    handlers = {sign: signal.getsignal(sign) for sign in (signal.SIGTERM, signal.SIGHUP)}
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as free:
        monkeypatch.setenv("PORT", str(free.getsockname()[1]))
    monkeypatch.setenv("DATABASE_URL", address.url)
    monkeypatch.delenv("DATABASE_SECRET_ARN", raising=False)

    def run(**settings: str) -> tuple[int, str]:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        return local.main(), capsys.readouterr().err

    yield run
    for sign, handler in handlers.items():
        signal.signal(sign, handler)


@pytest.mark.parametrize(("name", "value"), ENGINE + SENDER + LOCAL, ids=short)
def test_a_wrong_setting_ends_the_start_of_the_local_server(
    start: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """One line with the setting's name, no traceback, no secret, and an exit code."""
    if name == "POSTGRES_VERSION":
        monkeypatch.delenv("DATABASE_URL")
    code, said = start(**{name: value})
    assert code == 1
    assert name in said
    assert said.count("\n") == 1
    assert SECRET not in said


@pytest.mark.parametrize("function", ["api", "scheduler"])
@pytest.mark.parametrize(("name", "value"), ENGINE, ids=short)
def test_a_wrong_setting_ends_the_start_of_a_function(
    function: str, name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lambda's initialisation fails with the sentence: not the first request, and not the first message."""
    refused = loaded(function, monkeypatch, **{name: value})
    assert name in str(refused)
    assert "\n" not in str(refused)
    assert SECRET not in f"{refused}{refused.__context__}{refused.__cause__}"


@pytest.mark.parametrize(("name", "value"), SENDER, ids=short)
def test_a_wrong_setting_of_a_channel_ends_the_start_of_the_scheduler(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of a channel that no reminder uses."""
    refused = loaded("scheduler", monkeypatch, **{name: value})
    assert name in str(refused)
    assert SECRET not in f"{refused}{refused.__context__}{refused.__cause__}"


@pytest.mark.parametrize("function", ["api", "scheduler"])
def test_a_function_without_a_database_does_not_start(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both say which settings there are for it."""
    refused = loaded(function, monkeypatch, DATABASE_URL="")
    assert str(refused) == "neither DATABASE_URL nor DATABASE_SECRET_ARN is set"


def loaded(function: str, monkeypatch: pytest.MonkeyPatch, **settings: str) -> BadSetting:
    """Why a function does not start."""
    monkeypatch.delenv("DATABASE_SECRET_ARN", raising=False)
    for name, value in {"DATABASE_URL": "postgresql://nobody@localhost:1/nowhere", **settings}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting) as refused:
        runpy.run_path(str(ROOT / "functions" / function / "app.py"))
    return refused.value


def test_a_port_that_is_taken_ends_the_start(start: Callable[..., tuple[int, str]]) -> None:
    """It is found before anything is started."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        code, said = start(PORT=port)
    assert (code, f"PORT: {port} is taken" in said, said.count("\n")) == (1, True, 1)


@pytest.mark.parametrize(
    ("changes", "why"), [({"port": 1}, "Error"), ({"database": "nowhere"}, 'database "nowhere" does not exist')]
)
def test_a_database_that_cannot_be_reached_ends_the_start(
    start: Callable[..., tuple[int, str]], address: Address, changes: dict[str, object], why: str
) -> None:
    """The sentence says what the server says, or that there is none."""
    code, said = start(DATABASE_URL=address._replace(**changes).url)  # type: ignore[arg-type]
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith("DATABASE_URL: the database cannot be reached")
    assert why in said


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "9999"),
        ("ALTER ROLE CURRENT_USER IN DATABASE {database} SET default_transaction_read_only = on", "read-only"),
    ],
)
def test_a_database_that_cannot_be_migrated_ends_the_start(
    start: Callable[..., tuple[int, str]], world: World, statement: str, why: str
) -> None:
    """One that newer code has migrated, or one that takes no writes."""
    world.sql(statement.format(database=world.address.database))
    code, said = start()
    world.sql(f"ALTER ROLE CURRENT_USER IN DATABASE {world.address.database} RESET default_transaction_read_only")
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith("DATABASE_URL: the database cannot be migrated")
    assert why in said


def test_a_folder_that_cannot_be_written_ends_the_start(start: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    """Where something else is called .local."""
    (tmp_path / ".local").write_text("")
    code, said = start()
    assert (code, ".local is no folder" in said, said.count("\n")) == (1, True, 1)


def test_the_databases_url_is_its_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is never there with other rights, whatever was there before and whatever the umask."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".local").mkdir()
    file = tmp_path / ".local" / "database-url"
    file.write_text("old")
    file.chmod(0o666)
    before = os.umask(0)
    made: list[int] = []
    monkeypatch.setattr(
        Path, "replace", lambda draft, target: (made.append(draft.stat().st_mode), draft.rename(target))
    )
    written.write("postgresql://u:pw@localhost/d")
    os.umask(before)
    assert [mode & 0o777 for mode in made] == [0o600]
    assert file.stat().st_mode & 0o777 == 0o600
    assert written.read() == "postgresql://u:pw@localhost/d"


def test_an_address_shows_no_password() -> None:
    """Neither printed nor formatted nor in a container."""
    address = Address.from_url(f"postgresql://u:{SECRET}@localhost/d")
    assert SECRET not in f"{address}{address!r}{[address]}{(address,)}"


BROKEN = {
    "syntax": "def",
    "import": "import there_is_no_such_library",
    "error": "raise RuntimeError('hush')",
    "set-up": """
from reminders.channels import Channel, channel
@channel("broken")
class Broken(Channel):
    @classmethod
    def from_environment(cls, environment):
        return environment["NOT_THERE"]
    @classmethod
    def recipient_check(cls, environment):
        return environment["NOT_THERE"]
""",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_channel_costs_that_channel_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    """It is named in one line of the log; the others are there."""
    (tmp_path / "broken.py").write_text(text, encoding="utf-8")
    channels.known_channels()
    monkeypatch.setattr(channels, "_REGISTRY", dict(channels._REGISTRY))
    monkeypatch.setattr(channels, "_BROKEN", set())
    monkeypatch.setattr(channels, "__path__", [*channels.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "reminders.channels.broken", raising=False)
    assert set(channels.build_channels({})) == {"email", "log", "webhook"}
    (record,) = caplog.records
    assert (record.message, vars(record)["channel"]) == ("channel left out", "broken")
    assert SECRET not in str(vars(record))
    assert set(channels.build_recipient_checks({})) == {"email", "log", "webhook"}
