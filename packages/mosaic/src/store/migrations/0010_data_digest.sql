-- Schema 10: which data a run has seen. Never edit this file: a later change of the schema is a file of its own.

-- See run/data-digest.ts; NULL where it is not known, as of runs from before.
ALTER TABLE run_details ADD COLUMN data_digest TEXT;
