-- Uploads that were looked at. Without a match only fingerprints and the platform's content id stay.
CREATE TABLE items (
    id UUID PRIMARY KEY,
    api_key UUID NOT NULL,
    content_id TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('match', 'no_match', 'unscanned')),
    reason TEXT,
    strength TEXT CHECK (strength IN ('exact', 'near')),
    coverage TEXT NOT NULL,
    lists_as_of BIGINT,
    facts TEXT,
    bytes BIGINT NOT NULL,
    md5 BYTEA NOT NULL,
    sha1 BYTEA NOT NULL,
    sha256 BYTEA NOT NULL,
    frames TEXT NOT NULL,
    received_at BIGINT NOT NULL
);
CREATE INDEX items_content ON items (content_id);
CREATE INDEX items_sha256 ON items (sha256);

CREATE TABLE item_matches (
    item UUID NOT NULL REFERENCES items (id),
    entry UUID NOT NULL,
    bank UUID NOT NULL,
    signal TEXT NOT NULL,
    strength TEXT NOT NULL CHECK (strength IN ('exact', 'near')),
    distance BIGINT,
    threshold BIGINT,
    shadow BOOLEAN NOT NULL,
    PRIMARY KEY (item, entry)
);
