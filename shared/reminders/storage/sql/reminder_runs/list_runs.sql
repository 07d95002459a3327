-- A reminder's history, newest first: as much of it as takes no more than so many bytes as an answer, one run at least.
-- An answer is ASCII, in which a letter takes up to three times the bytes that it has here. What SQL has made longer
-- than any message can be is cut.
WITH page AS MATERIALIZED (
  SELECT occurrence_no, step,
    jsonb_build_object(
      'subject', CASE jsonb_typeof(message -> 'subject') WHEN 'string' THEN left(message ->> 'subject', 262144) END,
      'body', CASE jsonb_typeof(message -> 'body') WHEN 'string' THEN left(message ->> 'body', 262144) END) AS message,
    left(error, 10000) AS error, left(provider_id, 10000) AS provider_id, reminder_id, cause, scheduled_for, stands_for,
    channel, recipient, state, attempt, attempt_at, reason, created_at, finished_at, incarnation
  FROM reminder_runs
  WHERE reminder_id = CAST(:reminder_id AS uuid)
    AND (CAST(:before_no AS integer) IS NULL
      OR (occurrence_no, step) < (CAST(:before_no AS integer), CAST(:before_step AS smallint)))
  ORDER BY occurrence_no DESC, step DESC
  LIMIT CAST(:count AS integer)),
weighed AS (
  SELECT *, row_number() OVER newest AS place,
    sum(3 * (octet_length(message::text) + COALESCE(octet_length(error), 0) + COALESCE(octet_length(provider_id), 0))
      + 1000) OVER newest AS reached
  FROM page
  WINDOW newest AS (ORDER BY occurrence_no DESC, step DESC ROWS UNBOUNDED PRECEDING))
SELECT *, (SELECT count(*) FROM page) AS found
FROM weighed
WHERE reached <= CAST(:bytes AS bigint) OR place = 1
ORDER BY occurrence_no DESC, step DESC;
