-- Who was given which list, so that whoever received a hash can be told when it is wrong.
CREATE TABLE exports (
    id UUID PRIMARY KEY,
    bank UUID NOT NULL REFERENCES banks (id),
    whom TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    entries BIGINT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX exports_bank ON exports (bank, at);
-- What was left out of an export: a likely child's own picture.
CREATE TABLE exports_left_out (
    export UUID NOT NULL REFERENCES exports (id),
    entry UUID NOT NULL,
    PRIMARY KEY (export, entry)
);
-- A lead's word that the hash of a file may be passed on although it may be a child's own picture.
CREATE TABLE sharing_allowed (
    sha256 BYTEA PRIMARY KEY,
    reason TEXT NOT NULL,
    by_person UUID NOT NULL,
    at BIGINT NOT NULL
);

-- A list that was wrong has its correction without a case: whoever received the list is to be told.
CREATE TABLE corrections_next (
    id UUID PRIMARY KEY,
    case_id UUID REFERENCES cases (id),
    decision UUID,
    bank UUID,
    reason TEXT NOT NULL,
    by_person UUID NOT NULL,
    at BIGINT NOT NULL
);
INSERT INTO corrections_next (id, case_id, decision, bank, reason, by_person, at)
SELECT id, case_id, decision, bank, reason, by_person, at FROM corrections;
CREATE TABLE corrections_told_next (
    id UUID PRIMARY KEY,
    correction UUID NOT NULL REFERENCES corrections_next (id),
    report UUID,
    whom TEXT NOT NULL,
    state TEXT NOT NULL,
    means TEXT,
    words TEXT,
    told_at BIGINT,
    by_person UUID
);
INSERT INTO corrections_told_next (id, correction, report, whom, state, means, words, told_at, by_person)
SELECT id, correction, report, whom, state, means, words, told_at, by_person FROM corrections_told;
DROP TABLE corrections_told;
DROP TABLE corrections;
ALTER TABLE corrections_next RENAME TO corrections;
ALTER TABLE corrections_told_next RENAME TO corrections_told;
CREATE INDEX corrections_case ON corrections (case_id, at);
CREATE INDEX corrections_told_open ON corrections_told (state, id);
