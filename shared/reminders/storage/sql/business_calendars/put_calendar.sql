-- A business calendar, new or changed. When its days change, the ticks re-plan its reminders.
INSERT INTO business_calendars AS c (name, days, created_at, updated_at)
VALUES (:name, CAST(:days AS jsonb), COALESCE(CAST(:now AS timestamptz), now()),
  COALESCE(CAST(:now AS timestamptz), now()))
ON CONFLICT (name) DO UPDATE
SET days = excluded.days,
    replan_after = CASE WHEN c.days = excluded.days THEN c.replan_after ELSE '00000000-0000-0000-0000-000000000000' END,
    updated_at = excluded.updated_at
RETURNING name, json_build_object('weekdays', days -> 'weekdays', 'holidays', days -> 'holidays')::text AS days,
  created_at, updated_at;
