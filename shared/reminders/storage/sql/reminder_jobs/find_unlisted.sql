-- Ids of reminders of which the listing does not say what it should, of certain kinds, newest first: SQL or older code
-- has written them, and no tick has listed them yet. The search goes as that of find_active.sql does, through an index
-- that only they meet; the long condition is that of the index.
WITH RECURSIVE
jump AS (
  (SELECT event_type, entity_type, channel
    FROM reminder_jobs
    WHERE listed_as IS DISTINCT FROM CASE WHEN status = 'ACTIVE' THEN hashtextextended(channel,
      hashtextextended(event_type, hashtextextended(entity_type, 0))) END
      AND (CAST(:event_type AS text) IS NULL OR event_type = CAST(:event_type AS text))
    ORDER BY event_type, entity_type, channel
    LIMIT 1)
  UNION ALL
  SELECT following.*
  FROM jump
  CROSS JOIN LATERAL (
    SELECT j.event_type, j.entity_type, j.channel
    FROM reminder_jobs j
    WHERE j.listed_as IS DISTINCT FROM CASE WHEN j.status = 'ACTIVE' THEN hashtextextended(j.channel,
        hashtextextended(j.event_type, hashtextextended(j.entity_type, 0))) END
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
    WHERE j.listed_as IS DISTINCT FROM CASE WHEN j.status = 'ACTIVE' THEN hashtextextended(j.channel,
        hashtextextended(j.event_type, hashtextextended(j.entity_type, 0))) END
      AND (j.event_type, j.entity_type, j.channel) >= (k.event_type, k.entity_type, k.channel)
      AND (j.event_type, j.entity_type, j.channel, j.id) < (k.event_type, k.entity_type, k.channel,
        COALESCE(CAST(:before AS uuid), 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
    ORDER BY j.event_type DESC, j.entity_type DESC, j.channel DESC, j.id DESC
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
    WHERE j.listed_as IS DISTINCT FROM CASE WHEN j.status = 'ACTIVE' THEN hashtextextended(j.channel,
        hashtextextended(j.event_type, hashtextextended(j.entity_type, 0))) END
      AND (j.event_type, j.entity_type, j.channel) >= (n.event_type, n.entity_type, n.channel)
      AND (j.event_type, j.entity_type, j.channel, j.id) <= (n.event_type, n.entity_type, n.channel, n.id)
    ORDER BY j.event_type DESC, j.entity_type DESC, j.channel DESC, j.id DESC
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
