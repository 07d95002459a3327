-- Ids of ACTIVE reminders of certain kinds, newest first. A kind is an event, an entity type and a channel.
-- The kinds that there are are jumped from one to the next, however many rows each has, and at most :kinds of them. An
-- equality beside the row comparison would begin each jump at the first kind again. What is of another entity type is
-- jumped over, to the wanted one or, with a sign greater than all, to the next event.
-- Those whose newest row is among the newest are then read, each a little. Here equalities would let the planner, where
-- it knows of one kind alone, walk the primary key for another. `reached` is how far all of them are read: NULL when
-- nothing older matches.
WITH RECURSIVE
jump AS (
  (SELECT event_type, entity_type, channel
    FROM reminder_listing
    WHERE CAST(:event_type AS text) IS NULL OR event_type = CAST(:event_type AS text)
    ORDER BY event_type, entity_type, channel
    LIMIT 1)
  UNION ALL
  SELECT following.*
  FROM jump
  CROSS JOIN LATERAL (
    SELECT l.event_type, l.entity_type, l.channel
    FROM reminder_listing l
    WHERE (l.event_type, l.entity_type, l.channel) > (jump.event_type,
        CASE WHEN jump.entity_type < CAST(:entity_type AS text) THEN CAST(:entity_type AS text)
          WHEN jump.entity_type > CAST(:entity_type AS text) THEN chr(1114111)
          ELSE jump.entity_type END,
        CASE WHEN jump.entity_type <> CAST(:entity_type AS text) THEN '' ELSE jump.channel END)
      AND (CAST(:event_type AS text) IS NULL OR l.event_type <= CAST(:event_type AS text))
    ORDER BY l.event_type, l.entity_type, l.channel
    LIMIT 1) following),
kind AS MATERIALIZED (
  SELECT *
  FROM jump
  LIMIT CAST(:kinds AS integer)),
newest AS MATERIALIZED (
  SELECT k.*, l.id
  FROM kind k
  CROSS JOIN LATERAL (
    SELECT l.id
    FROM reminder_listing l
    WHERE (l.event_type, l.entity_type, l.channel) >= (k.event_type, k.entity_type, k.channel)
      AND (l.event_type, l.entity_type, l.channel, l.id) < (k.event_type, k.entity_type, k.channel,
        COALESCE(CAST(:before AS uuid), 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
    ORDER BY l.event_type DESC, l.entity_type DESC, l.channel DESC, l.id DESC
    LIMIT 1) l
  WHERE (CAST(:entity_type AS text) IS NULL OR k.entity_type = CAST(:entity_type AS text))
    AND (CAST(:channel AS text) IS NULL OR k.channel = CAST(:channel AS text))
  ORDER BY l.id DESC
  LIMIT CAST(:count AS integer)),
each AS MATERIALIZED (
  SELECT LEAST(CAST(:count AS integer),
    GREATEST(5000, 2 * CAST(:count AS integer)) / GREATEST(count(*), 1) + 10) AS most
  FROM newest),
found AS MATERIALIZED (
  SELECT e.id, row_number() OVER (PARTITION BY n.id ORDER BY e.id DESC) AS place
  FROM newest n
  CROSS JOIN LATERAL (
    SELECT l.id
    FROM reminder_listing l
    WHERE (l.event_type, l.entity_type, l.channel) >= (n.event_type, n.entity_type, n.channel)
      AND (l.event_type, l.entity_type, l.channel, l.id) <= (n.event_type, n.entity_type, n.channel, n.id)
    ORDER BY l.event_type DESC, l.entity_type DESC, l.channel DESC, l.id DESC
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
