-- Passkeys (W3C Web Authentication): the public half of a key that lies in somebody's device.
CREATE TABLE passkeys (
    id UUID PRIMARY KEY,
    person UUID NOT NULL REFERENCES people (id),
    credential BYTEA NOT NULL UNIQUE,
    algorithm BIGINT NOT NULL,
    public_key BYTEA NOT NULL,
    counter BIGINT NOT NULL,
    name TEXT NOT NULL,
    used_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX passkeys_person ON passkeys (person, created_at);

-- What a passkey is asked to sign: its SHA-256 alone, good once and for five minutes.
CREATE TABLE passkey_challenges (
    challenge BYTEA PRIMARY KEY,
    person UUID NOT NULL REFERENCES people (id),
    expires_at BIGINT NOT NULL
);
