-- Schema 5: digests, so that damage is known from what was stored. Never edit this file: a later change of the schema is a file
-- of its own.

-- SHA-256 of a file as it was written; NULL for one from before, and for logs, which are not looked at again.
ALTER TABLE artifacts ADD COLUMN sha256 TEXT;

-- Of what is stored of a done run: see run-digest.ts. A run without a row is from before.
CREATE TABLE run_digests (
  run_id INTEGER PRIMARY KEY,
  sha256 TEXT NOT NULL
);
