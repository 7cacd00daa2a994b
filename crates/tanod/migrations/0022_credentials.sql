-- What outside bodies issued for us, sealed by the key ring: one for each of their environments.
CREATE TABLE credentials (
    environment TEXT PRIMARY KEY,
    object UUID NOT NULL,
    sealed BYTEA NOT NULL,
    wrapped_key BYTEA NOT NULL,
    changed_at BIGINT NOT NULL
);
