// pg-boss's fetch and complete, back to back, with all else written by hand as the best that a user could add: one
// statement a batch for the flags, one for the history, one to queue again. It is the strongest rival, and gives less:
// each of these commits on its own, so a crash between them repeats or loses what the batch held.
// `load N` queues the jobs, `work N` does them and prints the seconds.
const PgBoss = require("pg-boss");
const { Pool } = require("pg");

const BATCH = 1_000;
const AN_HOUR_IN_MS = 3_600_000;
const QUEUE = "remind";
const TRUE_FLAGS = { name: "flags", text: "SELECT id FROM status_flags WHERE id = ANY ($1::bigint[]) AND value" };
const HISTORY = {
  name: "history",
  text: "INSERT INTO history (reminder_id, at, outcome) SELECT id, now(), 'SENT' FROM unnest($1::bigint[]) id",
};

// Where the database is stands in libpq's environment variables.
const boss = new PgBoss({ max: 10, schedule: false, supervise: false });
const pool = new Pool({ max: 2 });

async function load(count) {
  await boss.createQueue(QUEUE);
  for (let first = 1; first <= count; first += BATCH) {
    const length = Math.min(BATCH, count + 1 - first);
    await boss.insert(Array.from({ length }, (_, i) => ({ name: QUEUE, data: { id: first + i } })));
  }
}

async function work() {
  await pool.query("SELECT");
  const began = performance.now();
  for (;;) {
    const jobs = await boss.fetch(QUEUE, { batchSize: BATCH });
    if (!jobs.length) break;
    await remind(jobs);
    await boss.complete(
      QUEUE,
      jobs.map((job) => job.id),
    );
  }
  console.log((performance.now() - began) / 1_000);
}

async function remind(jobs) {
  const { rows } = await pool.query({ ...TRUE_FLAGS, values: [jobs.map((job) => job.data.id)] });
  const stopped = new Set(rows.map((row) => Number(row.id)));
  const going = jobs.filter((job) => !stopped.has(job.data.id));
  await pool.query({ ...HISTORY, values: [going.map((job) => job.data.id)] });
  const startAfter = new Date(Date.now() + AN_HOUR_IN_MS);
  await boss.insert(going.map((job) => ({ name: QUEUE, data: job.data, startAfter })));
}

const [act, count] = process.argv.slice(2);
boss
  .on("error", console.error)
  .start()
  .then(() => ({ load, work })[act](Number(count)))
  .then(
    () => process.exit(0),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
