-- How telling the frame was, 0 to 100.
ALTER TABLE stream_hits ADD COLUMN quality BIGINT NOT NULL DEFAULT 100;
