-- How an upload was seen when it fitted an entry.
ALTER TABLE item_matches ADD COLUMN orientation TEXT;
ALTER TABLE item_matches ADD COLUMN trimmed BOOLEAN NOT NULL DEFAULT FALSE;
