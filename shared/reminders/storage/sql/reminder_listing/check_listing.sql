-- Walks a little further through reminders and listing, side by side, round and round. Entries of reminders that SQL
-- has deleted are removed, a reminder whose entry is gone is noted as not listed; it says how many there were of both.
WITH place AS MATERIALIZED (
  SELECT listing_walked_to AS id
  FROM scheduler_state),
walked AS MATERIALIZED (
  SELECT id, status, listed_as
  FROM reminder_jobs
  WHERE id > (SELECT id FROM place)
  ORDER BY id
  LIMIT CAST(:count AS integer)),
reached AS MATERIALIZED (
  SELECT COALESCE((SELECT id FROM walked ORDER BY id OFFSET CAST(:count AS integer) - 1),
    'ffffffff-ffff-ffff-ffff-ffffffffffff') AS id),
deleted AS MATERIALIZED (
  SELECT l.id
  FROM reminder_listing l
  WHERE l.id > (SELECT id FROM place) AND l.id <= (SELECT id FROM reached)
    AND NOT EXISTS (
      SELECT
      FROM reminder_jobs j
      WHERE j.id = l.id)
  ORDER BY l.id
  LIMIT CAST(:count AS integer)),
missing AS MATERIALIZED (
  SELECT j.id
  FROM reminder_jobs j
  WHERE j.id = ANY (ARRAY(SELECT w.id FROM walked w WHERE w.status = 'ACTIVE' AND w.listed_as IS NOT NULL
      AND NOT EXISTS (
        SELECT
        FROM reminder_listing l
        WHERE l.id = w.id)))
  FOR NO KEY UPDATE SKIP LOCKED),
removed AS (
  DELETE FROM reminder_listing
  WHERE id = ANY (ARRAY(SELECT id FROM deleted))),
noted AS (
  UPDATE reminder_jobs
  SET listed_as = NULL
  WHERE id = ANY (ARRAY(SELECT id FROM missing))),
moved AS (
  UPDATE scheduler_state
  SET listing_walked_to = r.begins_at
  FROM (
    SELECT CASE id WHEN 'ffffffff-ffff-ffff-ffff-ffffffffffff' THEN '00000000-0000-0000-0000-000000000000' ELSE id END
      AS begins_at
    FROM reached) r
  WHERE (SELECT count(*) FROM deleted) < CAST(:count AS integer) AND listing_walked_to <> r.begins_at)
SELECT (SELECT count(*) FROM deleted) + (SELECT count(*) FROM missing);
