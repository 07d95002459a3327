"""pgqueuer in batches of a hundred: `load N` queues the jobs, `work N` does them and prints the seconds."""

import logging
import sys
from datetime import timedelta
from time import perf_counter
from typing import Any

import asyncpg  # type: ignore[import-not-found]  # these are installed for the peers alone
import uvloop  # type: ignore[import-not-found]
from pgqueuer import PgQueuer  # type: ignore[import-not-found]
from pgqueuer.db import AsyncpgPoolDriver  # type: ignore[import-not-found]
from pgqueuer.queries import Queries  # type: ignore[import-not-found]
from pgqueuer.types import QueueExecutionMode  # type: ignore[import-not-found]

BATCH = 100
CONNECTIONS = (10, 20)  # at least, at most
CHUNK = 1_000
FLAG = "SELECT value FROM status_flags WHERE id = $1"
HISTORY = "INSERT INTO history (reminder_id, at, outcome) VALUES ($1, now(), 'SENT')"


async def load(pool: Any, count: int) -> None:
    """Queues the jobs 1 … count."""
    queries = Queries(AsyncpgPoolDriver(pool))
    await queries.install()
    for first in range(1, count + 1, CHUNK):
        payloads = [str(reminder_id).encode() for reminder_id in range(first, min(first + CHUNK, count + 1))]
        await queries.enqueue(["remind"] * len(payloads), payloads, [0] * len(payloads))


async def work(pool: Any, count: int) -> None:
    """Works until all are done. Its own drain mode would wait for those that are queued an hour ahead."""
    queue = PgQueuer(AsyncpgPoolDriver(pool))
    queries = Queries(AsyncpgPoolDriver(pool))
    left = count

    async def remind(job: Any) -> None:
        nonlocal left
        reminder_id = int(job.payload)
        if not await pool.fetchval(FLAG, reminder_id):
            await pool.execute(HISTORY, reminder_id)
            await queries.enqueue("remind", job.payload, 0, execute_after=timedelta(hours=1))
        left -= 1
        if left == 0:
            queue.qm.shutdown.set()

    queue.entrypoint("remind")(remind)
    began = perf_counter()
    await queue.qm.run(batch_size=BATCH, mode=QueueExecutionMode.continuous, dequeue_timeout=timedelta(seconds=1))
    print(perf_counter() - began)


async def main(act: str, count: int) -> None:
    # Where the database is stands in libpq's environment variables.
    async with asyncpg.create_pool(min_size=CONNECTIONS[0], max_size=CONNECTIONS[1]) as pool:
        await (load if act == "load" else work)(pool, count)


logging.disable(logging.CRITICAL)
uvloop.run(main(sys.argv[1], int(sys.argv[2])))
