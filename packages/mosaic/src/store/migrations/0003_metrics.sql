-- Schema 3: figures beside the seed's ten. Never edit this file: a later change of the schema is a file of its own.

-- Figures of done runs that `run_results` has no column for: metrics as `train_f1` and `test_f1`, and whatever a later
-- version computes besides.
CREATE TABLE run_metrics (
  run_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  value REAL,
  PRIMARY KEY (run_id, name)
) WITHOUT ROWID;
CREATE INDEX run_metrics_name ON run_metrics (name);

-- What they were before a run was trained further; replaced_at as in earlier_results.
CREATE TABLE earlier_metrics (
  run_id INTEGER NOT NULL,
  replaced_at INTEGER NOT NULL,
  name TEXT NOT NULL,
  value REAL,
  PRIMARY KEY (run_id, replaced_at, name)
) WITHOUT ROWID;

-- Which values of a metric are better: its class may not be there to say it when the database is read.
CREATE TABLE metrics (
  name TEXT PRIMARY KEY,
  direction TEXT NOT NULL CHECK (direction IN ('higher', 'lower'))
) WITHOUT ROWID;

-- An object of JSON with the metrics of the epoch, named as in run_metrics; NaN and infinities are texts in it.
ALTER TABLE history ADD COLUMN metrics TEXT;
