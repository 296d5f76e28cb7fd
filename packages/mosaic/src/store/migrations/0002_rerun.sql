-- Schema 2: done runs can be trained further. Never edit this file: a later change of the schema is a file of its own.

-- What a run's result was before it was trained further. Columns as in run_results.
CREATE TABLE earlier_results (
  run_id INTEGER NOT NULL REFERENCES run_details (run_id),
  replaced_at INTEGER NOT NULL,
  return_status TEXT,
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
CREATE INDEX earlier_results_run ON earlier_results (run_id);

-- Whether the next attempt goes on from the run's snapshot, which may lie in the middle of epoch resume_epoch + 1.
ALTER TABLE run_details ADD COLUMN from_snapshot INTEGER NOT NULL DEFAULT 0;
UPDATE run_details SET from_snapshot = 1 WHERE resume_epoch > 0;

DROP TRIGGER runs_status_moves;
CREATE TRIGGER runs_status_moves BEFORE UPDATE OF status ON runs
WHEN OLD.status IN ('pending', 'running', 'done', 'error', 'paused')
  AND NOT (
    (OLD.status = 'pending' AND NEW.status = 'running')
    OR (OLD.status = 'running' AND NEW.status IN ('done', 'error', 'pending', 'paused'))
    OR (OLD.status IN ('paused', 'error', 'done') AND NEW.status = 'pending')
  )
BEGIN
  SELECT RAISE(ABORT, 'a run cannot make this change of status');
END;
