-- Schema 8: a run that was to be trained further can have its result back. Never edit this file: a later change of the schema is a
-- file of its own.

-- What the run was beside its result; NULL where it was put into the queue by an earlier version. epochs_asked is its param `epochs`,
-- sha256 that of run_digests.
ALTER TABLE earlier_results ADD COLUMN experiment_id INTEGER;
ALTER TABLE earlier_results ADD COLUMN identity TEXT;
ALTER TABLE earlier_results ADD COLUMN ordered_at INTEGER;
ALTER TABLE earlier_results ADD COLUMN started_at INTEGER;
ALTER TABLE earlier_results ADD COLUMN finished_at INTEGER;
ALTER TABLE earlier_results ADD COLUMN epochs_asked TEXT;
ALTER TABLE earlier_results ADD COLUMN sha256 TEXT;

DROP TRIGGER runs_status_moves;
CREATE TRIGGER runs_status_moves BEFORE UPDATE OF status ON runs
WHEN OLD.status IN ('pending', 'running', 'done', 'error', 'paused')
  AND NOT (
    (OLD.status = 'pending' AND NEW.status = 'running')
    OR (OLD.status = 'running' AND NEW.status IN ('done', 'error', 'pending', 'paused'))
    OR (OLD.status IN ('paused', 'error', 'done') AND NEW.status = 'pending')
    OR (OLD.status IN ('pending', 'paused', 'error') AND NEW.status = 'done'
      AND EXISTS (SELECT 1 FROM earlier_results WHERE earlier_results.run_id = OLD.run_id))
  )
BEGIN
  SELECT RAISE(ABORT, 'a run cannot make this change of status');
END;
