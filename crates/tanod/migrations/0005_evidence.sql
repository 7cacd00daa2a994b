-- Sealed media. The data key lives here, wrapped, apart from the object: destroying it destroys the object.
CREATE TABLE exhibits (
    id UUID PRIMARY KEY,
    item UUID NOT NULL UNIQUE REFERENCES items (id),
    object UUID NOT NULL UNIQUE,
    wrapped_key BYTEA,
    file_name TEXT,
    media_type TEXT,
    bytes BIGINT NOT NULL,
    sealed_at BIGINT NOT NULL,
    expires_at BIGINT,
    destroyed_at BIGINT
);

-- Why something must be kept. Nothing goes while any hold on it stands.
CREATE TABLE holds (
    id UUID PRIMARY KEY,
    case_id UUID NOT NULL,
    basis TEXT NOT NULL CHECK (basis IN ('pending_decision', 'us_2258a_h')),
    starts_at BIGINT NOT NULL,
    until_at BIGINT,
    released_at BIGINT,
    report UUID,
    UNIQUE (case_id, basis, report)
);

-- Every look: who, which upload, why, and whether it was the whole of it without a veil.
CREATE TABLE views (
    id UUID PRIMARY KEY,
    case_id UUID NOT NULL,
    item UUID NOT NULL,
    person UUID NOT NULL,
    purpose TEXT NOT NULL,
    whole BOOLEAN NOT NULL,
    veiled BOOLEAN NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX views_item ON views (item);
