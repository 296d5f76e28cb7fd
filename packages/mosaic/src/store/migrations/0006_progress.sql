-- Schema 6: when a running run came forward last. Never edit this file: a later change of the schema is a file of its own.

ALTER TABLE leases ADD COLUMN progress_at INTEGER;
