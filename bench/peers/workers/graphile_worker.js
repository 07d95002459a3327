// graphile-worker as its own performance page tunes it: `load N` queues the jobs, `work N` does them and prints the seconds.
const { Logger, makeWorkerUtils, run } = require("graphile-worker");
const { Pool } = require("pg");

const CONCURRENCY = 24;
const CHUNK = 1_000;
const AN_HOUR_IN_MS = 3_600_000;
const FLAG = { name: "flag", text: "SELECT value FROM status_flags WHERE id = $1" };
const HISTORY = { name: "history", text: "INSERT INTO history (reminder_id, at, outcome) VALUES ($1, now(), 'SENT')" };
const DUE = "SELECT FROM graphile_worker._private_jobs WHERE run_at <= now() LIMIT 1";
const preset = {
  worker: {
    concurrentJobs: CONCURRENCY,
    maxPoolSize: CONCURRENCY + 1,
    pollInterval: 2_000,
    localQueue: { size: 500 },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
  },
};

const logger = new Logger(() => () => {});
// Where the database is stands in libpq's environment variables.
const pgPool = new Pool({ max: CONCURRENCY + 1 });

async function load(count) {
  const utils = await makeWorkerUtils({ pgPool, logger });
  await utils.migrate();
  for (let first = 1; first <= count; first += CHUNK) {
    const length = Math.min(CHUNK, count + 1 - first);
    await utils.addJobs(Array.from({ length }, (_, i) => ({ identifier: "remind", payload: { id: first + i } })));
  }
}

async function work(count) {
  await openConnections();
  const began = performance.now();
  await new Promise((resolve, reject) => {
    let left = count;
    const remind = async ({ id }, helpers) => {
      await remindOnce(id, helpers);
      if (--left === 0) resolve();
    };
    run({ pgPool, preset, logger, taskList: { remind }, noHandleSignals: true }).catch(reject);
  });
  // Jobs are completed behind the tasks' backs: they are done when none is left.
  while ((await pgPool.query(DUE)).rowCount) await new Promise((resolve) => setTimeout(resolve, 3));
  console.log((performance.now() - began) / 1_000);
}

async function openConnections() {
  const clients = await Promise.all(Array.from({ length: CONCURRENCY }, () => pgPool.connect()));
  clients.forEach((client) => client.release());
}

async function remindOnce(id, helpers) {
  const stopped = await helpers.withPgClient(async (client) => {
    const { rows } = await client.query({ ...FLAG, values: [id] });
    if (!rows[0].value) await client.query({ ...HISTORY, values: [id] });
    return rows[0].value;
  });
  if (!stopped) await helpers.addJob("remind", { id }, { runAt: new Date(Date.now() + AN_HOUR_IN_MS) });
}

const [act, count] = process.argv.slice(2);
({ load, work })[act](Number(count)).then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
