-- Schema 4: when a run was ordered as it is. Never edit this file: a later change of the schema is a file of its own.

-- When the run was last decided upon: with the experiment that added it, or when it was trained again after an error, or further after it was
-- done. Verdicts that take a number of repetitions for planned need to know that no result was known then.
ALTER TABLE run_details ADD COLUMN ordered_at INTEGER;
UPDATE run_details SET ordered_at = coalesce(
  (SELECT max(replaced_at) FROM earlier_results WHERE earlier_results.run_id = run_details.run_id), created_at
);
