-- How pictures come to somebody: stricter than the settings say, never laxer.
ALTER TABLE care ADD COLUMN veil BIGINT;
ALTER TABLE care ADD COLUMN edges BOOLEAN NOT NULL DEFAULT FALSE;
