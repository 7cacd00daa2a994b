-- What the store itself needs. One text for SQLite and PostgreSQL.
-- Times are UTC microseconds; ids are UUIDv7 in 16 bytes; JSON is text.

-- Which installation and which world this database is, written once at birth.
CREATE TABLE birth (
    world TEXT NOT NULL CHECK (world IN ('demo', 'live')),
    -- The objects bear the same mark, so that no database sweeps another one's.
    mark UUID NOT NULL,
    born_at BIGINT NOT NULL,
    one INTEGER NOT NULL UNIQUE CHECK (one = 1)
);

-- Numbers given under a row lock that is held to the commit, so that they become visible in order.
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('bank_feed', 0), ('staff', 0), ('case', 0), ('ledger', 0);

CREATE TABLE jobs (
    id UUID PRIMARY KEY,
    lane TEXT NOT NULL,
    payload TEXT NOT NULL,
    subject UUID,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'leased', 'dead')),
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    lease UUID,
    leased_until BIGINT,
    last_error TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX jobs_due ON jobs (state, due_at);
CREATE UNIQUE INDEX jobs_one_per_subject ON jobs (lane, subject);

-- An answered POST, kept for a day: the same key answers the same, another body is refused.
CREATE TABLE answers (
    caller UUID NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    body BYTEA NOT NULL,
    status BIGINT NOT NULL,
    answer TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (caller, route, key)
);
