"""`make run`: everything on one machine, until Ctrl-C or SIGTERM."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from types import FrameType

import pg8000.native
import uvicorn
from alembic.util.exc import CommandError
from pg8000.exceptions import DatabaseError, InterfaceError
from sqlalchemy.exc import DBAPIError

from local import database_url, postgres, server
from local.database_url import FOLDER
from local.ticker import Ticker
from reminders.settings import BadSetting, Settings
from reminders.storage.connection import connect
from reminders.storage.dsn import Address
from reminders.wiring import Scheduler, address_of

HOST = "127.0.0.1"
# Known to everybody, so it protects nothing: a receiver on the same machine verifies with it.
WEBHOOK_SECRET = "whsec_bG9jYWwtb25seS1hbmQtbm8tc2VjcmV0"
# For the embedded server: what a laptop can spare.
SERVER_SETTINGS = {"max_connections": "50", "shared_buffers": "128MB"}


def main() -> int:
    """Serves until it is told to stop; a setting that is wrong ends the start with one sentence."""
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # else nohup wants it to outlive its terminal
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    try:
        with _listener(_port()) as listener:
            return _run(listener)
    except BadSetting as wrong:
        print(wrong, file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # before there was anything to stop
        return 0


def _interrupt(sign: int, frame: FrameType | None) -> None:
    """Told to end: the same as Ctrl-C. uvicorn takes signals itself while it runs, and raises them again after."""
    raise KeyboardInterrupt


def _run(listener: socket.socket) -> int:
    """Starts the parts in their order, and stops them in reverse."""
    environment = _environment()
    scheduler, app = Scheduler(environment), server.build_app(environment)  # first: a wrong setting ends the start
    address = address_of(Settings.from_environment(environment))(False)
    _check_reachable(address)
    _migrate(address)
    database_url.write(address.url)
    running = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    ticker = Ticker(scheduler, environment, died=lambda: setattr(running, "should_exit", True))
    try:
        with suppress(KeyboardInterrupt):  # uvicorn raises it again when it has stopped
            ticker.start()
            threading.Thread(target=_announce, args=(running, listener), daemon=True).start()
            running.run([listener])
    finally:
        for sign in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, signal.SIG_IGN)
        ticker.stop()
    return 1 if ticker.is_dead else 0


def _environment() -> Mapping[str, str]:
    """The environment, with settings for one machine where it has none."""
    environment = {
        "EMAIL_TRANSPORT": f"outbox:{FOLDER / 'outbox'}",
        "DEFAULT_EMAIL_RECIPIENT": "you@example.com",
        "WEBHOOK_SECRETS": f'["{WEBHOOK_SECRET}"]',
        "EGRESS_ALLOW": "http port:* 127.0.0.0/8 ::1/128",
        **os.environ,
    }
    try:
        FOLDER.mkdir(exist_ok=True)
        can_be_written = os.access(FOLDER, os.W_OK | os.X_OK)
    except OSError:
        can_be_written = False
    if not can_be_written:
        raise BadSetting(f"{FOLDER.resolve()} is no folder that can be written: start it elsewhere")
    if environment.get("DATABASE_URL") or environment.get("DATABASE_SECRET_ARN"):
        return environment
    embedded = postgres.start(FOLDER.resolve() / f"postgres-{postgres.version()}", SERVER_SETTINGS)
    postgres.create_database(postgres.address_of(embedded, "postgres"), "reminders")
    return environment | {"DATABASE_URL": postgres.url_of(embedded, "reminders")}


def _port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 65_535):
        raise BadSetting("PORT is not a whole number from 1 to 65535")
    return int(text)


def _listener(port: int) -> socket.socket:
    """The socket to serve on, taken first: a port that is not free ends the start before anything is started."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.close()
    else:
        return listener
    raise BadSetting(f"PORT: {port} is taken: stop what listens there, or choose another with PORT=…")


def _check_reachable(address: Address) -> None:
    try:
        connect(address, pg8000.native.Connection).close()
        return
    except DatabaseError as refused:
        facts = refused.args[0] if refused.args and isinstance(refused.args[0], dict) else {}
        why = str(facts.get("M", "it refuses"))
    except (OSError, InterfaceError) as lost:
        why = type(lost).__name__
    raise BadSetting(f"DATABASE_URL: the database cannot be reached: {why}")


def _migrate(address: Address) -> None:
    try:
        postgres.migrate(address)
        return
    except DBAPIError as refused:
        facts = refused.orig.args[0] if refused.orig and refused.orig.args else {}
        why = str(facts.get("M")) if isinstance(facts, dict) else type(refused.orig).__name__
    except (CommandError, ValueError) as refused:  # a newer schema than this code knows, or another encoding
        why = str(refused)
    raise BadSetting(f"DATABASE_URL: the database cannot be migrated: {' '.join(why.split())}")


def _announce(running: uvicorn.Server, listener: socket.socket) -> None:
    while not running.started:
        threading.Event().wait(0.02)
    where = f"http://{HOST}:{listener.getsockname()[1]}"
    print(f"ready: {where}  ·  Swagger UI: {where}/docs  ·  mail: {FOLDER / 'outbox'}/")
    print('SQL: make sql Q="SELECT entity_id, status, next_run_at FROM reminder_jobs"', flush=True)


if __name__ == "__main__":
    sys.exit(main())
