-- Films: the frames of an entry that is one, how long an upload is that is one, and where the two show the same.
CREATE TABLE entries_next (
    id UUID PRIMARY KEY,
    bank UUID NOT NULL REFERENCES banks (id),
    signal TEXT NOT NULL CHECK (signal IN ('md5', 'sha1', 'sha256', 'pdq', 'vpdq')),
    value BYTEA NOT NULL,
    classification TEXT,
    source TEXT,
    provenance TEXT,
    enabled BOOLEAN NOT NULL,
    removed BOOLEAN NOT NULL,
    feed BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    frames BYTEA,
    UNIQUE (bank, signal, value)
);
INSERT INTO entries_next (id, bank, signal, value, classification, source, provenance, enabled, removed, feed, created_at)
SELECT id, bank, signal, value, classification, source, provenance, enabled, removed, feed, created_at FROM entries;
DROP TABLE entries;
ALTER TABLE entries_next RENAME TO entries;
CREATE INDEX entries_feed ON entries (feed, id);
CREATE INDEX entries_bank ON entries (bank, id);

ALTER TABLE items ADD COLUMN film TEXT;
ALTER TABLE item_matches ADD COLUMN in_common TEXT;
