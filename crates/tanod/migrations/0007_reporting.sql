-- One row an intended report; the decision makes it unique, so that no second one can be intended by accident.
CREATE TABLE reports (
    id UUID PRIMARY KEY,
    case_id UUID NOT NULL,
    decision UUID NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('initial', 'supplement')),
    destination TEXT NOT NULL CHECK (destination IN ('ncmec', 'manual')),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'filing', 'finished', 'dead', 'withdrawn')),
    attempt BIGINT NOT NULL,
    -- The attempt after which a person looked at the stuck report and said: again.
    revived BIGINT NOT NULL,
    number BIGINT,
    document TEXT NOT NULL,
    trouble TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX reports_case ON reports (case_id);

-- Each call to the destination: what we were about to do, then what came back. Never changed afterwards.
CREATE TABLE report_calls (
    id UUID PRIMARY KEY,
    report UUID NOT NULL REFERENCES reports (id),
    -- Their order; clocks may stand still or step back. Two workers at one report meet here.
    ordinal BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    step TEXT NOT NULL CHECK (step IN ('submit', 'upload', 'fileinfo', 'finish', 'retract')),
    item UUID,
    sent TEXT,
    number BIGINT,
    sent_at BIGINT NOT NULL,
    answered_at BIGINT,
    outcome TEXT,
    http_status BIGINT,
    request_id TEXT,
    headers TEXT,
    answer BYTEA,
    file_id TEXT,
    UNIQUE (report, ordinal)
);
