-- Around the case: signals of several kinds, people with roles, priority with its reasons, decisions that match life.
-- Words that grow are kept by the program's closed enums, no longer by CHECK, so that a new word needs no new table.
CREATE TABLE cases_next (
    id UUID PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    account TEXT,
    state TEXT NOT NULL,
    priority BIGINT NOT NULL CHECK (priority BETWEEN 0 AND 4),
    -- JSON: why, in the program's words.
    reasons TEXT NOT NULL DEFAULT '[]',
    -- Set by a person: what is computed later may raise it, never lower it.
    priority_by UUID,
    knowledge_at BIGINT NOT NULL,
    knowledge_route TEXT NOT NULL,
    leased_by UUID,
    leased_until BIGINT,
    -- Whoever is named to decide next.
    given_to UUID,
    opened_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
INSERT INTO cases_next (id, number, account, state, priority, knowledge_at, knowledge_route, leased_by, leased_until, opened_at, changed_at)
SELECT id, number, account, state, priority, knowledge_at, knowledge_route, leased_by, leased_until, opened_at, changed_at FROM cases;

CREATE TABLE signals_next (
    id UUID PRIMARY KEY,
    case_id UUID NOT NULL REFERENCES cases_next (id),
    kind TEXT NOT NULL,
    item UUID UNIQUE REFERENCES items (id),
    notice UUID,
    decision UUID,
    at BIGINT NOT NULL
);
INSERT INTO signals_next (id, case_id, kind, item, decision, at) SELECT id, case_id, kind, item, decision, at FROM signals;

CREATE TABLE decisions_next (
    id UUID PRIMARY KEY,
    case_id UUID NOT NULL REFERENCES cases_next (id),
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    incident_type TEXT,
    statements TEXT NOT NULL,
    -- JSON: what else was said at the decision, in the program's words.
    particulars TEXT NOT NULL DEFAULT '{}',
    by_person UUID NOT NULL,
    approval TEXT NOT NULL,
    approver UUID,
    approver_reason TEXT,
    at BIGINT NOT NULL,
    settled_at BIGINT,
    -- Undone by a correction, or taken back before it was sent.
    undone_at BIGINT,
    undone_by UUID,
    undone_because TEXT
);
INSERT INTO decisions_next (id, case_id, outcome, reason, incident_type, statements, by_person, approval, approver, approver_reason, at, settled_at)
SELECT id, case_id, outcome, reason, incident_type, statements, by_person, approval, approver, approver_reason, at, settled_at FROM decisions;

DROP TABLE signals;
DROP TABLE decisions;
DROP TABLE cases;
ALTER TABLE cases_next RENAME TO cases;
ALTER TABLE signals_next RENAME TO signals;
ALTER TABLE decisions_next RENAME TO decisions;

-- One case an account while it is not dismissed: signals merge instead of multiplying.
CREATE UNIQUE INDEX cases_account ON cases (account) WHERE account IS NOT NULL AND state <> 'dismissed';
CREATE INDEX cases_queue ON cases (state, priority, knowledge_at);
CREATE INDEX signals_case ON signals (case_id, at);
CREATE INDEX signals_notice ON signals (notice);
CREATE INDEX decisions_case ON decisions (case_id, at);

-- People and accounts in a case, with their roles. An empty role is one that nobody has set.
CREATE TABLE involved (
    id UUID PRIMARY KEY,
    case_id UUID NOT NULL REFERENCES cases (id),
    account TEXT,
    kind TEXT NOT NULL,
    role TEXT,
    likely_minor BOOLEAN NOT NULL DEFAULT FALSE,
    hijacked BOOLEAN NOT NULL DEFAULT FALSE,
    -- JSON: what the platform said of the account.
    facts TEXT NOT NULL DEFAULT '{}',
    set_by UUID,
    set_at BIGINT,
    at BIGINT NOT NULL
);
CREATE INDEX involved_case ON involved (case_id, at);
CREATE INDEX involved_account ON involved (account);

-- What joins uploads without an account: a share link, a device, an address (`link:…`, `device:…`, `ip:…`).
CREATE TABLE gatherings (
    key TEXT NOT NULL,
    case_id UUID NOT NULL REFERENCES cases (id),
    at BIGINT NOT NULL,
    PRIMARY KEY (key, case_id)
);

-- Calls to a hotline or the police about a case, as they were made or came in.
CREATE TABLE telephone_calls (
    id UUID PRIMARY KEY,
    case_id UUID NOT NULL REFERENCES cases (id),
    by_person UUID NOT NULL,
    direction TEXT NOT NULL,
    authority TEXT NOT NULL,
    telephone TEXT NOT NULL,
    reference TEXT,
    words TEXT NOT NULL,
    at BIGINT NOT NULL,
    written_at BIGINT NOT NULL
);
CREATE INDEX telephone_calls_case ON telephone_calls (case_id, at);

-- A report may be filed elsewhere, by hand: authority, number, time, by whom, receipt, as JSON.
ALTER TABLE reports ADD COLUMN elsewhere TEXT;
ALTER TABLE reports ADD COLUMN due_at BIGINT;
ALTER TABLE reports ADD COLUMN withdraw_asked BOOLEAN NOT NULL DEFAULT FALSE;

-- What follows from a wrong decision: whom to tell, and until when it is open.
CREATE TABLE corrections (
    id UUID PRIMARY KEY,
    case_id UUID NOT NULL REFERENCES cases (id),
    decision UUID,
    bank UUID,
    reason TEXT NOT NULL,
    by_person UUID NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX corrections_case ON corrections (case_id, at);

-- A letter or a call that a finished report needs, for it cannot be taken back.
CREATE TABLE corrections_told (
    id UUID PRIMARY KEY,
    correction UUID NOT NULL REFERENCES corrections (id),
    report UUID,
    whom TEXT NOT NULL,
    state TEXT NOT NULL,
    means TEXT,
    words TEXT,
    told_at BIGINT,
    by_person UUID
);
CREATE INDEX corrections_told_open ON corrections_told (state, id);
