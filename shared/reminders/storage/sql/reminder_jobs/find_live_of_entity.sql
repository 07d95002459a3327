-- Ids of an entity's live reminders, newest first. Without its type, the types that there are are jumped from one to
-- the next, and each is asked for the entity; at most :kinds of them.
WITH RECURSIVE
jump AS (
  (SELECT entity_type
    FROM reminder_jobs
    WHERE status IN ('ACTIVE', 'PAUSED')
      AND (CAST(:entity_type AS text) IS NULL OR entity_type = CAST(:entity_type AS text))
    ORDER BY entity_type
    LIMIT 1)
  UNION ALL
  SELECT following.*
  FROM jump
  CROSS JOIN LATERAL (
    SELECT j.entity_type
    FROM reminder_jobs j
    WHERE j.status IN ('ACTIVE', 'PAUSED') AND j.entity_type > jump.entity_type AND CAST(:entity_type AS text) IS NULL
    ORDER BY j.entity_type
    LIMIT 1) following),
kind AS MATERIALIZED (
  SELECT *
  FROM jump
  LIMIT CAST(:kinds AS integer)),
found AS MATERIALIZED (
  SELECT j.id
  FROM kind k
  CROSS JOIN LATERAL (
    SELECT id, event_type, channel, status
    FROM reminder_jobs
    WHERE status IN ('ACTIVE', 'PAUSED') AND entity_type = k.entity_type AND entity_id = CAST(:entity_id AS text)
    ORDER BY event_type
    OFFSET 0) j
  WHERE (CAST(:before AS uuid) IS NULL OR j.id < CAST(:before AS uuid))
    AND (CAST(:event_type AS text) IS NULL OR j.event_type = CAST(:event_type AS text))
    AND (CAST(:channel AS text) IS NULL OR j.channel = CAST(:channel AS text))
    AND (CAST(:status AS text) IS NULL OR j.status = CAST(:status AS text))
  ORDER BY j.id DESC
  LIMIT CAST(:count AS integer))
SELECT
  (SELECT json_agg(id ORDER BY id DESC) FROM found),
  (SELECT CAST(id AS text) FROM found ORDER BY id DESC OFFSET CAST(:count AS integer) - 1),
  (SELECT count(*) FROM kind) = CAST(:kinds AS integer);
