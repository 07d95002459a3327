-- Locked reminders with their instants worked out again. No caller has edited them, so their versions stay.
UPDATE reminder_jobs r
SET start_at = CAST(p.start_at AS timestamptz), schedule = CAST(p.schedule AS jsonb),
  next_run_at = CAST(p.next_run_at AS timestamptz)
FROM unnest(CAST(:ids AS uuid[]), CAST(:start_at AS text[]), CAST(:schedules AS text[]), CAST(:next_run_at AS text[]))
  AS p (id, start_at, schedule, next_run_at)
WHERE r.id = p.id AND r.id = ANY (CAST(:ids AS uuid[]));
