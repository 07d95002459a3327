-- Ids of reminders that are not ACTIVE, of certain kinds, newest first. A kind is a status, an event, an entity type
-- and a channel. The search goes as that of find_active.sql does, through an index that no ACTIVE row meets.
WITH RECURSIVE
jump AS (
  (SELECT first.*
    FROM unnest(CASE WHEN CAST(:status AS text) IS NULL THEN ARRAY['PAUSED', 'COMPLETED', 'CANCELLED', 'FAILED']
      ELSE ARRAY[CAST(:status AS text)] END) AS s (status)
    CROSS JOIN LATERAL (
      SELECT j.status, j.event_type, j.entity_type, j.channel
      FROM reminder_jobs j
      WHERE j.status <> 'ACTIVE' AND j.status = s.status
        AND (CAST(:event_type AS text) IS NULL OR j.event_type = CAST(:event_type AS text))
      ORDER BY j.event_type, j.entity_type, j.channel
      LIMIT 1) first)
  UNION ALL
  SELECT following.*
  FROM jump
  CROSS JOIN LATERAL (
    SELECT j.status, j.event_type, j.entity_type, j.channel
    FROM reminder_jobs j
    WHERE j.status <> 'ACTIVE' AND j.status = jump.status
      AND (j.event_type, j.entity_type, j.channel) > (jump.event_type,
        CASE WHEN jump.entity_type < CAST(:entity_type AS text) THEN CAST(:entity_type AS text)
          WHEN jump.entity_type > CAST(:entity_type AS text) THEN chr(1114111)
          ELSE jump.entity_type END,
        CASE WHEN jump.entity_type <> CAST(:entity_type AS text) THEN '' ELSE jump.channel END)
      AND (CAST(:event_type AS text) IS NULL OR j.event_type <= CAST(:event_type AS text))
    ORDER BY j.event_type, j.entity_type, j.channel
    LIMIT 1) following),
kind AS MATERIALIZED (
  SELECT *
  FROM jump
  LIMIT CAST(:kinds AS integer)),
newest AS MATERIALIZED (
  SELECT k.*, j.id
  FROM kind k
  CROSS JOIN LATERAL (
    SELECT j.id
    FROM reminder_jobs j
    WHERE j.status <> 'ACTIVE'
      AND (j.status, j.event_type, j.entity_type, j.channel) >= (k.status, k.event_type, k.entity_type, k.channel)
      AND (j.status, j.event_type, j.entity_type, j.channel, j.id)
        < (k.status, k.event_type, k.entity_type, k.channel,
          COALESCE(CAST(:before AS uuid), 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
    ORDER BY j.status DESC, j.event_type DESC, j.entity_type DESC, j.channel DESC, j.id DESC
    LIMIT 1) j
  WHERE (CAST(:entity_type AS text) IS NULL OR k.entity_type = CAST(:entity_type AS text))
    AND (CAST(:channel AS text) IS NULL OR k.channel = CAST(:channel AS text))
  ORDER BY j.id DESC
  LIMIT CAST(:count AS integer)),
each AS MATERIALIZED (
  SELECT LEAST(CAST(:count AS integer),
    GREATEST(5000, 2 * CAST(:count AS integer)) / GREATEST(count(*), 1) + 10) AS most
  FROM newest),
found AS MATERIALIZED (
  SELECT e.id, row_number() OVER (PARTITION BY n.id ORDER BY e.id DESC) AS place
  FROM newest n
  CROSS JOIN LATERAL (
    SELECT j.id
    FROM reminder_jobs j
    WHERE j.status <> 'ACTIVE'
      AND (j.status, j.event_type, j.entity_type, j.channel) >= (n.status, n.event_type, n.entity_type, n.channel)
      AND (j.status, j.event_type, j.entity_type, j.channel, j.id)
        <= (n.status, n.event_type, n.entity_type, n.channel, n.id)
    ORDER BY j.status DESC, j.event_type DESC, j.entity_type DESC, j.channel DESC, j.id DESC
    LIMIT (SELECT most FROM each)) e),
reached AS MATERIALIZED (
  SELECT id
  FROM (
    SELECT id FROM found WHERE place = (SELECT most FROM each)
    UNION ALL
    (SELECT id FROM newest ORDER BY id DESC OFFSET CAST(:count AS integer) - 1)) ends
  ORDER BY id DESC
  LIMIT 1)
SELECT
  (SELECT json_agg(id ORDER BY id DESC)
    FROM found
    WHERE id >= COALESCE((SELECT id FROM reached), '00000000-0000-0000-0000-000000000000')),
  (SELECT CAST(id AS text) FROM reached),
  (SELECT count(*) FROM kind) = CAST(:kinds AS integer);
