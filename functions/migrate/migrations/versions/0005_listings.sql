-- Lists at any size. Every due reminder's UPDATE enters each index that its row meets, so what lists and retention need
-- is where an ACTIVE row never is: in a narrow table, and in indexes over rows that do not fire. Each statement may be
-- repeated, since what follows it is not in its transaction.

-- ACTIVE reminders as lists look for them. Written when one is created, paused, resumed or ended; what else becomes of
-- reminder_jobs, by SQL or by older code, the ticks enter here.
CREATE TABLE IF NOT EXISTS reminder_listing (
  id          uuid PRIMARY KEY,
  entity_type varchar(100) COLLATE "C" NOT NULL,
  event_type  varchar(100) COLLATE "C" NOT NULL,
  channel     varchar(50)  COLLATE "C" NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX IF NOT EXISTS reminder_listing_kind ON reminder_listing (event_type, entity_type, channel, id);

ALTER TABLE reminder_jobs
  -- a hash of what reminder_listing says of this row; NULL: it is not in there. Where this is not what it should be,
  -- the row meets reminder_jobs_unlisted: so do all that SQL or older code has written.
  ADD COLUMN IF NOT EXISTS listed_as bigint;

ALTER TABLE scheduler_state
  -- Two walks that go round and round, a little each tick: through all runs for old ones whose id is not in the order
  -- of their age, and through the listing for what SQL has deleted.
  ADD COLUMN IF NOT EXISTS runs_walked_to    bigint NOT NULL DEFAULT 0,
  ADD COLUMN IF NOT EXISTS listing_walked_to uuid   NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';
