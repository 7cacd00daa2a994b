-- Endpoints as the settings name them, so that whoever writes a delivery knows who wants it. Their secrets are not here.
CREATE TABLE webhooks (
    name TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    listed BOOLEAN NOT NULL,
    changed_at BIGINT NOT NULL
);

-- One message to one endpoint. The body is fixed when it is written; its id is what the receiver knows it by.
CREATE TABLE deliveries (
    id UUID PRIMARY KEY,
    endpoint TEXT NOT NULL,
    event TEXT NOT NULL,
    case_id UUID,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT,
    status BIGINT,
    trouble TEXT,
    answer TEXT,
    created_at BIGINT NOT NULL,
    settled_at BIGINT
);
CREATE INDEX deliveries_state ON deliveries (state, settled_at);

-- What somebody must be told until they say that they know. One of a kind and subject at a time.
CREATE TABLE alarms (
    id UUID PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    case_id UUID,
    state TEXT NOT NULL,
    -- Pages since it was raised or raised again, and when the last of them began.
    pages BIGINT NOT NULL,
    paged_at BIGINT,
    raised_at BIGINT NOT NULL,
    acknowledged_at BIGINT,
    acknowledged_by TEXT,
    cleared_at BIGINT
);
CREATE UNIQUE INDEX alarms_one ON alarms (kind, subject) WHERE cleared_at IS NULL;

-- One message to one person about one alarm. Of the token in its link only the SHA-256 is kept.
CREATE TABLE pages (
    id UUID PRIMARY KEY,
    alarm UUID NOT NULL REFERENCES alarms (id),
    nth BIGINT NOT NULL,
    person TEXT NOT NULL,
    token BYTEA NOT NULL UNIQUE,
    mail TEXT,
    webhook TEXT,
    trouble TEXT,
    at BIGINT NOT NULL
);
CREATE INDEX pages_alarm ON pages (alarm, at, id);

-- Signs of life of what runs behind the requests.
CREATE TABLE ticks (
    part TEXT PRIMARY KEY,
    at BIGINT NOT NULL
);
