-- What the platform is asked to do about a case, and what it says it did. JSON: target, delay.
CREATE TABLE actions (
    id UUID PRIMARY KEY,
    case_id UUID NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    target TEXT NOT NULL,
    permanent BOOLEAN NOT NULL,
    undo_of UUID,
    notice TEXT,
    delay TEXT,
    reason TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    -- Why its turn has not come.
    waits_for TEXT,
    requests BIGINT NOT NULL,
    sent_at BIGINT,
    requested_at BIGINT,
    settled_at BIGINT,
    settled_by TEXT,
    note TEXT
);
CREATE INDEX actions_case ON actions (case_id, id);
CREATE INDEX actions_state ON actions (state, id);
CREATE INDEX actions_undo ON actions (undo_of);
