-- Schema 11: which models of processor have computed a run. Never edit this file: a later change of the schema is a file of its own.

-- One a line, in turn, the last one at the end; NULL for the machine of the experiment, and where it is not known.
ALTER TABLE run_details ADD COLUMN processors TEXT;
