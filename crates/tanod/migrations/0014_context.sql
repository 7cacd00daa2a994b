-- What the platform was asked around a case, and how far it has answered.
CREATE TABLE context_requests (
    case_id UUID PRIMARY KEY,
    state TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    -- How often the platform was asked since then, and until when it may answer; nothing until it was asked once.
    asks BIGINT NOT NULL,
    due_at BIGINT,
    received_at BIGINT
);

-- Each answer, whole: sealed as it came, and read for the report's draft. All versions stay until the case's evidence goes.
CREATE TABLE contexts (
    id UUID PRIMARY KEY,
    case_id UUID NOT NULL,
    version BIGINT NOT NULL,
    object UUID NOT NULL UNIQUE,
    wrapped_key BYTEA,
    sha256 BYTEA NOT NULL,
    bytes BIGINT NOT NULL,
    parts TEXT NOT NULL,
    body TEXT,
    by_key TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    destroyed_at BIGINT,
    UNIQUE (case_id, version)
);
