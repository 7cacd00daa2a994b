-- What is seen at which address, so that a notice that names nothing else finds it. Of an address only a digest is kept.
CREATE TABLE content_addresses (
    address BYTEA NOT NULL,
    content_id TEXT NOT NULL,
    sha256 BYTEA,
    PRIMARY KEY (address, content_id)
);
CREATE TABLE notice_addresses (
    address BYTEA NOT NULL,
    notice UUID NOT NULL REFERENCES notices (id),
    PRIMARY KEY (address, notice)
);
CREATE INDEX notice_addresses_notice ON notice_addresses (notice);

-- A look is at a picture of a case, or of a request to remove an adult's.
CREATE TABLE views_next (
    id UUID PRIMARY KEY,
    case_id UUID,
    notice UUID,
    item UUID NOT NULL,
    person UUID NOT NULL,
    purpose TEXT NOT NULL,
    whole BOOLEAN NOT NULL,
    veiled BOOLEAN NOT NULL,
    at BIGINT NOT NULL,
    severity TEXT
);
INSERT INTO views_next (id, case_id, item, person, purpose, whole, veiled, at, severity)
SELECT id, case_id, item, person, purpose, whole, veiled, at, severity FROM views;
DROP TABLE views;
ALTER TABLE views_next RENAME TO views;
CREATE INDEX views_item ON views (item);
CREATE INDEX views_person ON views (person, at);

-- What was told to another authority beside the reports: by letter, web form or call.
CREATE TABLE filings (
    id UUID PRIMARY KEY,
    case_id UUID NOT NULL REFERENCES cases (id),
    authority TEXT NOT NULL,
    number TEXT NOT NULL,
    at BIGINT NOT NULL,
    receipt TEXT,
    by_person UUID NOT NULL,
    written_at BIGINT NOT NULL
);
CREATE INDEX filings_case ON filings (case_id, at);

-- What counsel decided for all cases in which the same two bases contradict each other.
CREATE TABLE standing_decisions (
    id UUID PRIMARY KEY,
    yields TEXT NOT NULL,
    keeps TEXT NOT NULL,
    counsel TEXT NOT NULL,
    grounds TEXT NOT NULL,
    until_at BIGINT NOT NULL,
    by_person UUID NOT NULL,
    at BIGINT NOT NULL,
    approved_by UUID,
    approved_at BIGINT,
    ended_by UUID,
    ended_at BIGINT
);
