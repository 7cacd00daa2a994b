-- What happened. The leaf is what the ledger commits to; salt and detail live beside it and can go.
CREATE TABLE audit (
    id UUID PRIMARY KEY,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    case_id UUID,
    subject TEXT,
    at BIGINT NOT NULL,
    salt BYTEA,
    detail TEXT,
    leaf BYTEA NOT NULL,
    position BIGINT UNIQUE
);
CREATE INDEX audit_unplaced ON audit (position, id);
CREATE INDEX audit_case ON audit (case_id, id);

CREATE TABLE checkpoints (
    size BIGINT PRIMARY KEY,
    note TEXT NOT NULL,
    frontier BYTEA NOT NULL,
    at BIGINT NOT NULL
);
