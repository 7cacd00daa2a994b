-- Sessions that their person sees and ends, that know how somebody signed in, when they last did something and when they last
-- said who they are. Everybody signs in anew once.
DELETE FROM sessions WHERE kind = 'session';
ALTER TABLE sessions ADD COLUMN id UUID;
ALTER TABLE sessions ADD COLUMN proved_by TEXT;
ALTER TABLE sessions ADD COLUMN seen_at BIGINT;
ALTER TABLE sessions ADD COLUMN present_at BIGINT;
ALTER TABLE sessions ADD COLUMN address TEXT;
ALTER TABLE sessions ADD COLUMN browser TEXT;
CREATE INDEX sessions_person ON sessions (person, kind);

-- The secret of somebody's authenticator, sealed by the key ring. Not confirmed, it is asked of nobody. A step is good once.
CREATE TABLE authenticators (
    person UUID PRIMARY KEY REFERENCES people (id),
    object UUID NOT NULL,
    bytes BYTEA NOT NULL,
    wrapped_key BYTEA NOT NULL,
    last_step BIGINT NOT NULL,
    confirmed_at BIGINT,
    created_at BIGINT NOT NULL
);

-- Codes for the day when the authenticator is lost; only their SHA-256 is kept, and each is good once.
CREATE TABLE recovery_codes (
    person UUID NOT NULL REFERENCES people (id),
    code BYTEA NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (person, code)
);

-- From where somebody may work: networks and countries, as JSON; empty is anywhere.
ALTER TABLE people ADD COLUMN networks TEXT NOT NULL DEFAULT '[]';
ALTER TABLE people ADD COLUMN countries TEXT NOT NULL DEFAULT '[]';
