-- Brings a few reminders into the listing, or out of it, that SQL or older code has written: what it should say of each
-- is not what it says. Those that somebody has locked are passed over.
WITH changed AS MATERIALIZED (
  SELECT id, entity_type, event_type, channel, status
  FROM reminder_jobs
  WHERE listed_as IS DISTINCT FROM CASE WHEN status = 'ACTIVE' THEN hashtextextended(channel,
    hashtextextended(event_type, hashtextextended(entity_type, 0))) END
  ORDER BY event_type, entity_type, channel, id
  LIMIT CAST(:count AS integer)
  FOR NO KEY UPDATE SKIP LOCKED),
entered AS (
  INSERT INTO reminder_listing (id, entity_type, event_type, channel)
  SELECT id, entity_type, event_type, channel
  FROM changed
  WHERE status = 'ACTIVE'
  ON CONFLICT (id) DO UPDATE
  SET entity_type = EXCLUDED.entity_type, event_type = EXCLUDED.event_type, channel = EXCLUDED.channel),
delisted AS (
  DELETE FROM reminder_listing
  WHERE id = ANY (ARRAY(SELECT id FROM changed WHERE status <> 'ACTIVE'))),
noted AS (
  UPDATE reminder_jobs
  SET listed_as = CASE WHEN status = 'ACTIVE' THEN hashtextextended(channel,
    hashtextextended(event_type, hashtextextended(entity_type, 0))) END
  WHERE id = ANY (ARRAY(SELECT id FROM changed))
  RETURNING 1)
SELECT count(*)
FROM noted;
