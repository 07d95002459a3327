-- What each peer's job reads and writes beside its queue: a flag each, of which 5 % are true, and a history that can be
-- read by reminder.
CREATE TABLE status_flags (
  id bigint PRIMARY KEY,
  value boolean NOT NULL);
INSERT INTO status_flags (id, value)
SELECT id, id % 20 = 0
FROM generate_series(1, :count) id;
CREATE TABLE history (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  reminder_id bigint NOT NULL,
  at timestamptz NOT NULL,
  outcome text NOT NULL);
CREATE INDEX history_reminder ON history (reminder_id);
