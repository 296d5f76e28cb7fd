-- Schema 7: runs can be removed, and have tags and a note. Never edit this file: a later change of the schema is a file of its own.

-- What verdicts have to say of runs that were removed, and what a later experiment must not train again unasked.
-- status is what they had then, params their rows of params as JSON: [["lr","1e-2"], …]. experiment_id, identity and
-- repetition are NULL for a run of the original. restored_at: when a run of the same identity was added again.
CREATE TABLE removed_runs (
  run_id INTEGER PRIMARY KEY,
  status TEXT NOT NULL,
  description TEXT NOT NULL,
  params TEXT NOT NULL,
  experiment_id INTEGER,
  identity TEXT,
  repetition INTEGER,
  removed_at INTEGER NOT NULL,
  restored_at INTEGER
);
CREATE INDEX removed_runs_identity ON removed_runs (identity);

-- Files of removed runs that are still to be deleted.
CREATE TABLE removed_files (
  run_id INTEGER NOT NULL,
  path TEXT NOT NULL,
  PRIMARY KEY (run_id, path)
) WITHOUT ROWID;

CREATE TABLE tags (
  tag TEXT NOT NULL,
  run_id INTEGER NOT NULL,
  PRIMARY KEY (tag, run_id)
) WITHOUT ROWID;
CREATE INDEX tags_run ON tags (run_id);

CREATE TABLE notes (
  run_id INTEGER PRIMARY KEY,
  note TEXT NOT NULL
);
