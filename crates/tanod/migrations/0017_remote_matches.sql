-- What a remote matcher called an upload; entries of our own banks say it themselves.
ALTER TABLE item_matches ADD COLUMN classification TEXT;
