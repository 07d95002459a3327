-- Whether the engine keeps up, as an operator asks.
SELECT
  (SELECT last_tick_at FROM scheduler_state),
  (SELECT last_ok_tick_at FROM scheduler_state),
  (SELECT date_part('epoch', now() - last_ok_tick_at) FROM scheduler_state),
  (SELECT COALESCE(GREATEST(date_part('epoch', now() - min(next_run_at)), 0), 0)
    FROM reminder_jobs
    WHERE status = 'ACTIVE' AND next_run_at <= now()),
  has_table_privilege('reminder_jobs', 'INSERT') AND has_table_privilege('reminder_jobs', 'UPDATE')
    AND has_table_privilege('reminder_runs', 'INSERT') AND has_table_privilege('reminder_runs', 'UPDATE')
    AND has_table_privilege('status_flags', 'INSERT') AND has_table_privilege('status_flags', 'UPDATE'),
  (SELECT stage FROM scheduler_state);
