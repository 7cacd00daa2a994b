-- Who somebody is at a provider of identity (OpenID Connect), since they followed a one-time link with it.
CREATE TABLE identities (
    provider TEXT NOT NULL,
    subject TEXT NOT NULL,
    person UUID NOT NULL REFERENCES people (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (provider, subject)
);
CREATE INDEX identities_person ON identities (person);

-- Somebody on their way to a provider and back, or asked for a second factor since: only the SHA-256 of what their browser holds.
-- With an invitation they follow it, with a session they say who they are in it, with neither they sign in.
CREATE TABLE provider_ways (
    token BYTEA PRIMARY KEY,
    provider TEXT NOT NULL,
    invitation BYTEA,
    session UUID,
    person UUID,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
