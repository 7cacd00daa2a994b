-- How a bank's pictures are compared beyond the whole, upright one.
ALTER TABLE banks ADD COLUMN turned BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE banks ADD COLUMN trimmed BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE banks ADD COLUMN least_quality BIGINT NOT NULL DEFAULT 50 CHECK (least_quality BETWEEN 0 AND 100);

-- Each number of the feed bears a mark of its own, so that an index kept on disk can tell whether the database it meets is
-- the one it was made from, or one that was restored and went another way.
CREATE TABLE feed (
    number BIGINT PRIMARY KEY,
    mark UUID NOT NULL
);
