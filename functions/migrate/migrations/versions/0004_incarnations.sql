-- Which life of the database it is, and whose. The new columns are NULL in every row that is there, so no table is
-- rewritten, and runs that exist keep the id that their receivers know.

ALTER TABLE scheduler_state
  ADD COLUMN stage       text,                     -- whose it is: schedulers of other stages leave it alone
  -- cluster, database and tables, as they were last seen; where they differ, a new life begins
  ADD COLUMN identity    varchar(100) COLLATE "C",
  ADD COLUMN incarnation varchar(8)   COLLATE "C"; -- ends the ids of this life's runs; NULL in the first

ALTER TABLE reminder_runs
  ADD COLUMN incarnation varchar(8) COLLATE "C";   -- of the life in which it was planned
