-- Lists of known fingerprints. `feed` is the number of the change in the one ordered feed that every index follows.
CREATE TABLE banks (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('csam', 'exploitative', 'ncii_adult', 'own_unconfirmed', 'exception', 'test')),
    source TEXT NOT NULL,
    licence TEXT NOT NULL CHECK (licence IN ('own', 'shareable', 'restricted')),
    threshold BIGINT NOT NULL CHECK (threshold BETWEEN 0 AND 63),
    enabled BOOLEAN NOT NULL,
    shadow BOOLEAN NOT NULL,
    removed BOOLEAN NOT NULL,
    refreshed_at BIGINT NOT NULL,
    feed BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX banks_feed ON banks (feed);

CREATE TABLE entries (
    id UUID PRIMARY KEY,
    bank UUID NOT NULL REFERENCES banks (id),
    signal TEXT NOT NULL CHECK (signal IN ('md5', 'sha1', 'sha256', 'pdq')),
    value BYTEA NOT NULL,
    classification TEXT,
    source TEXT,
    provenance TEXT,
    enabled BOOLEAN NOT NULL,
    removed BOOLEAN NOT NULL,
    feed BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (bank, signal, value)
);
CREATE INDEX entries_feed ON entries (feed, id);
CREATE INDEX entries_bank ON entries (bank, id);
