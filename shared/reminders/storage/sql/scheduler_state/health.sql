-- Whether the engine keeps up, as an operator asks.
SELECT
  (SELECT last_tick_at FROM scheduler_state),
  (SELECT COALESCE(GREATEST(date_part('epoch', now() - min(next_run_at)), 0), 0)
    FROM reminder_jobs
    WHERE status = 'ACTIVE' AND next_run_at <= now()),
  (SELECT version_num FROM alembic_version),
  (SELECT stage FROM scheduler_state);
