-- People of the operator, their sessions, and the keys of its programs.
CREATE TABLE people (
    id UUID PRIMARY KEY,
    staff BIGINT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('reviewer', 'lead', 'admin', 'auditor')),
    password TEXT,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL
);

-- Tokens are random; only their SHA-256 is kept.
CREATE TABLE sessions (
    token BYTEA PRIMARY KEY,
    person UUID NOT NULL REFERENCES people (id),
    kind TEXT NOT NULL CHECK (kind IN ('session', 'invitation')),
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    token BYTEA NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    per_minute BIGINT,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL
);
