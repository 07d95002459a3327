-- Rolling deployments: rows that only a newer engine understands. Both columns are in no row that is there, so no table
-- is rewritten.

ALTER TABLE reminder_jobs
  -- the lowest level of engine that understands the row: lower ones leave it alone
  ADD COLUMN needs         smallint NOT NULL DEFAULT 0,
  -- since when engines have come upon something in it that they do not know
  ADD COLUMN unknown_since timestamptz;
