"""procrastinate with ten jobs at a time: `load N` queues the jobs, `work N` does them and prints the seconds."""

import asyncio
import logging
import sys
from time import perf_counter

import procrastinate  # type: ignore[import-not-found]  # it is installed for the peers alone

CONCURRENCY = 10
CHUNK = 1_000
FLAG = "SELECT value FROM status_flags WHERE id = %(reminder_id)s"
HISTORY = "INSERT INTO history (reminder_id, at, outcome) VALUES (%(reminder_id)s, now(), 'SENT')"

# Where the database is stands in libpq's environment variables.
app = procrastinate.App(connector=procrastinate.PsycopgConnector(min_size=CONCURRENCY + 1, max_size=CONCURRENCY + 2))


async def remind(reminder_id: int) -> None:
    """One job: stopped by its flag, or written to the history and queued again."""
    flag = await app.connector.execute_query_one_async(FLAG, reminder_id=reminder_id)
    if flag["value"]:
        return
    await app.connector.execute_query_async(HISTORY, reminder_id=reminder_id)
    await job.configure(schedule_in={"hours": 1}).defer_async(reminder_id=reminder_id)


job = app.task(name="remind")(remind)


async def load(count: int) -> None:
    """Queues the jobs 1 … count."""
    await app.schema_manager.apply_schema_async()
    for first in range(1, count + 1, CHUNK):
        ids = range(first, min(first + CHUNK, count + 1))
        await job.batch_defer_async(*[{"reminder_id": reminder_id} for reminder_id in ids])


async def work() -> None:
    """Works until nothing is due."""
    began = perf_counter()
    await app.run_worker_async(
        wait=False, concurrency=CONCURRENCY, listen_notify=False, install_signal_handlers=False, delete_jobs="never"
    )
    print(perf_counter() - began)


async def main(act: str, count: int) -> None:
    async with app.open_async():
        await (load(count) if act == "load" else work())


logging.disable(logging.CRITICAL)
asyncio.run(main(sys.argv[1], int(sys.argv[2])))
