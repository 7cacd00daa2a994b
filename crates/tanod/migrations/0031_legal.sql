-- Legal process: who asked for what, under which authority, and what was given. And the packages that left the house.
CREATE TABLE legal_processes (
    id UUID PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    case_id UUID,
    authority TEXT NOT NULL,
    recipient TEXT NOT NULL,
    -- Words of the record: personal data, never in the ledger.
    agency TEXT NOT NULL,
    officer TEXT NOT NULL,
    reference TEXT NOT NULL,
    scope TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    due_at BIGINT,
    state TEXT NOT NULL,
    verified_how TEXT,
    verified_by UUID,
    verified_at BIGINT,
    given TEXT,
    settled_by UUID,
    settled_at BIGINT,
    by_person UUID NOT NULL
);
CREATE INDEX legal_processes_state ON legal_processes (state, id);
CREATE INDEX legal_processes_case ON legal_processes (case_id, id);

CREATE TABLE packages (
    id UUID PRIMARY KEY,
    process UUID NOT NULL REFERENCES legal_processes (id),
    case_id UUID NOT NULL,
    language TEXT NOT NULL,
    age_recipient TEXT,
    reason TEXT NOT NULL,
    asked_by UUID NOT NULL,
    asked_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    settled_by UUID,
    settled_reason TEXT,
    settled_at BIGINT,
    made_at BIGINT,
    -- Of the package that left: its digest and length.
    sha256 BYTEA,
    bytes BIGINT
);
CREATE INDEX packages_case ON packages (case_id, id);
CREATE INDEX packages_process ON packages (process, id);
INSERT INTO counters (name, value) VALUES ('legal process', 0);
