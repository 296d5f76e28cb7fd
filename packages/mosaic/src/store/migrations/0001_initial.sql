-- Schema 1. Never edit this file: a later change of the schema is a file of its own.
-- Times are whole milliseconds since 1970 (UTC). NaN is stored as the text 'NaN', because SQLite turns a NaN into NULL;
-- infinities are REAL values; NULL means empty.

-- The seed's four tables, with its names and columns. A database of the original Mosaic has them already; its tables
-- stay as they are, which is why nothing below counts on a key, a type or a constraint of these four.
CREATE TABLE IF NOT EXISTS system (
  param_name TEXT NOT NULL,
  param_value TEXT
);

CREATE TABLE IF NOT EXISTS params (
  run_id INTEGER NOT NULL,
  param_name TEXT NOT NULL,
  param_value TEXT
);
CREATE INDEX IF NOT EXISTS params_run ON params (run_id);
CREATE INDEX IF NOT EXISTS params_name ON params (param_name);

CREATE TABLE IF NOT EXISTS runs (
  run_id INTEGER PRIMARY KEY,
  status TEXT NOT NULL CHECK (status IN ('pending', 'running', 'done', 'error', 'paused')),
  pipeline TEXT,
  return_status TEXT
);
CREATE INDEX IF NOT EXISTS runs_status ON runs (status, run_id);

CREATE TABLE IF NOT EXISTS run_results (
  run_id INTEGER PRIMARY KEY,
  train_loss REAL,
  test_loss REAL,
  train_acc REAL,
  test_acc REAL,
  nb_params INTEGER,
  "duration(s)" REAL,
  epochs INTEGER,
  overfit REAL,
  trainability REAL,
  slope REAL
);

-- One row for each call of mosaic_run: the configuration as resolved, and what it ran on.
CREATE TABLE experiments (
  experiment_id INTEGER PRIMARY KEY AUTOINCREMENT,
  configuration TEXT NOT NULL,
  engine_version TEXT NOT NULL,
  machine TEXT NOT NULL,
  created_at INTEGER NOT NULL
);

-- What the seed's tables have no column for. The pipeline's JSON lives in params alone (name 'pipeline').
-- attempts: how often a dying worker has cost this run an attempt. resume_epoch: epochs that the snapshot holds.
CREATE TABLE run_details (
  run_id INTEGER PRIMARY KEY,
  experiment_id INTEGER NOT NULL REFERENCES experiments (experiment_id),
  identity TEXT NOT NULL,
  repetition INTEGER NOT NULL,
  seed INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  resume_epoch INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER
);
CREATE INDEX run_details_identity ON run_details (identity);
CREATE INDEX run_details_experiment ON run_details (experiment_id);

CREATE TABLE history (
  run_id INTEGER NOT NULL REFERENCES run_details (run_id),
  epoch INTEGER NOT NULL,
  train_loss REAL,
  test_loss REAL,
  train_acc REAL,
  test_acc REAL,
  lr REAL,
  seconds REAL,
  PRIMARY KEY (run_id, epoch)
) WITHOUT ROWID;

-- One row for each running run. AUTOINCREMENT: a token is never given twice, so an old one is told from the current one.
CREATE TABLE leases (
  token INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id INTEGER NOT NULL UNIQUE REFERENCES run_details (run_id),
  worker TEXT NOT NULL,
  leased_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
);

CREATE TABLE artifacts (
  run_id INTEGER NOT NULL REFERENCES run_details (run_id),
  path TEXT NOT NULL,
  kind TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (run_id, path)
) WITHOUT ROWID;

-- The one process that may write, if any. scope says where its process id means something.
CREATE TABLE writer_claim (
  token INTEGER PRIMARY KEY AUTOINCREMENT,
  slot INTEGER NOT NULL DEFAULT 1 UNIQUE CHECK (slot = 1),
  pid INTEGER NOT NULL,
  process_started TEXT NOT NULL,
  scope TEXT NOT NULL,
  claimed_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
);

-- Last line of defence: whatever a program does, a run moves only along these ways.
CREATE TRIGGER runs_status_moves BEFORE UPDATE OF status ON runs
WHEN OLD.status IN ('pending', 'running', 'done', 'error', 'paused')
  AND NOT (
    (OLD.status = 'pending' AND NEW.status = 'running')
    OR (OLD.status = 'running' AND NEW.status IN ('done', 'error', 'pending', 'paused'))
    OR (OLD.status IN ('paused', 'error') AND NEW.status = 'pending')
  )
BEGIN
  SELECT RAISE(ABORT, 'a run cannot make this change of status');
END;
