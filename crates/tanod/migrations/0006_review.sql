CREATE TABLE cases (
    id UUID PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    account TEXT,
    account_facts TEXT,
    state TEXT NOT NULL CHECK (state IN ('open', 'help', 'approval', 'reporting', 'reported', 'dismissed')),
    priority BIGINT NOT NULL CHECK (priority BETWEEN 0 AND 4),
    knowledge_at BIGINT NOT NULL,
    knowledge_route TEXT NOT NULL,
    leased_by UUID,
    leased_until BIGINT,
    opened_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
-- One case an account while it is not dismissed: signals merge instead of multiplying.
CREATE UNIQUE INDEX cases_account ON cases (account) WHERE account IS NOT NULL AND state <> 'dismissed';
CREATE INDEX cases_queue ON cases (state, priority, knowledge_at);

CREATE TABLE signals (
    id UUID PRIMARY KEY,
    case_id UUID NOT NULL REFERENCES cases (id),
    kind TEXT NOT NULL CHECK (kind IN ('hash_match')),
    item UUID NOT NULL UNIQUE REFERENCES items (id),
    decision UUID,
    at BIGINT NOT NULL
);
CREATE INDEX signals_case ON signals (case_id, at);

CREATE TABLE decisions (
    id UUID PRIMARY KEY,
    case_id UUID NOT NULL REFERENCES cases (id),
    outcome TEXT NOT NULL CHECK (outcome IN ('report', 'no_violation', 'need_help')),
    reason TEXT NOT NULL,
    incident_type TEXT,
    statements TEXT NOT NULL,
    by_person UUID NOT NULL,
    approval TEXT NOT NULL CHECK (approval IN ('not_needed', 'asked', 'given', 'refused')),
    approver UUID,
    approver_reason TEXT,
    at BIGINT NOT NULL,
    settled_at BIGINT
);
CREATE INDEX decisions_case ON decisions (case_id, at);
