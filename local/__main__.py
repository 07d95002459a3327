"""`make run`: everything on one machine, until Ctrl-C."""

import multiprocessing
import os
import socket
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

import uvicorn

from local import postgres, server
from reminders.observe import logger
from reminders.settings import Settings
from reminders.wiring import Scheduler, address_of

HOST = "127.0.0.1"
FOLDER = Path(".local")
URL_FILE = FOLDER / "database-url"
# Known to everybody, so it protects nothing: a receiver on the same machine verifies with it.
WEBHOOK_SECRET = "whsec_bG9jYWwtb25seS1hbmQtbm8tc2VjcmV0"
TICK_EVERY_SECONDS = 2.0
TICK_BUDGET_SECONDS = 60.0
# For the embedded server: what a laptop can spare.
SERVER_SETTINGS = {"max_connections": "50", "shared_buffers": "128MB"}


def main() -> int:
    """Starts the parts in their order, serves until it is told to stop, and stops them in reverse."""
    port = int(os.environ.get("PORT") or 8000)
    if not _is_free(port):
        print(f"port {port} is taken: stop what listens there, or choose another with PORT=…", file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    environment = _environment()
    scheduler, app = Scheduler(environment), server.build_app(environment)  # first: a wrong setting ends the start
    postgres.migrate(address_of(Settings.from_environment(environment))(False))
    URL_FILE.write_text(environment["DATABASE_URL"], encoding="utf-8")
    stop = threading.Event()
    ticker = threading.Thread(target=_tick, args=(scheduler, environment, stop), name="ticker")
    ticker.start()
    try:
        with suppress(KeyboardInterrupt):  # uvicorn raises it again when it has stopped
            _serve(app, port)
    finally:
        stop.set()
        ticker.join()
    return 0


def _environment() -> Mapping[str, str]:
    """The environment, with settings for one machine where it has none."""
    environment = {
        "EMAIL_TRANSPORT": f"outbox:{FOLDER / 'outbox'}",
        "DEFAULT_EMAIL_RECIPIENT": "you@example.com",
        "WEBHOOK_SECRETS": f'["{WEBHOOK_SECRET}"]',
        "EGRESS_ALLOW": "http port:* 127.0.0.0/8 ::1/128",
        **os.environ,
    }
    if environment.get("DATABASE_URL"):
        return environment
    embedded = postgres.start(FOLDER.resolve() / f"postgres-{postgres.version()}", SERVER_SETTINGS)
    postgres.create_database(postgres.address_of(embedded, "postgres"), "reminders")
    return environment | {"DATABASE_URL": postgres.url_of(embedded, "reminders")}


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _serve(app: server.App, port: int) -> None:
    config = uvicorn.Config(app, host=HOST, port=port, log_level="warning", access_log=False)
    running = uvicorn.Server(config)
    announcer = threading.Thread(target=_announce, args=(running, port), daemon=True)
    announcer.start()
    running.run()


def _announce(running: uvicorn.Server, port: int) -> None:
    while not running.started:
        threading.Event().wait(0.02)
    print(f"ready: http://{HOST}:{port}  ·  Swagger UI: http://{HOST}:{port}/docs  ·  mail: {FOLDER / 'outbox'}/")
    print('SQL: make sql Q="SELECT entity_id, status, next_run_at FROM reminder_jobs"', flush=True)


def _start_worker(environment: Mapping[str, str]) -> None:
    """One more worker, as a process of its own, where the cloud would invoke the function again."""
    multiprocessing.get_context("spawn").Process(target=_work, args=(environment,), daemon=True).start()


def _work(environment: Mapping[str, str]) -> None:
    Scheduler(environment).tick(TICK_BUDGET_SECONDS)


def _tick(scheduler: Scheduler, environment: Mapping[str, str], stop: threading.Event) -> None:
    while not stop.wait(TICK_EVERY_SECONDS):
        try:
            summary = scheduler.tick(TICK_BUDGET_SECONDS, partial(_start_worker, environment), stop.is_set)
            if summary.due or summary.sent or summary.error:
                logger.info("tick", extra=summary.as_dict())
        except Exception:  # the next tick tries again; a ticker that dies in silence would not
            logger.exception("tick failed")
    scheduler.close()


if __name__ == "__main__":
    sys.exit(main())
