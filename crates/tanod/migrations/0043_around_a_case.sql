-- What a word is by which a case is found: two accounts that share an address are shown beside each other, two that share a name are not.
ALTER TABLE case_words ADD COLUMN kind TEXT;
-- What people note on a case. Nobody changes or takes back a note; it goes with the evidence.
CREATE TABLE case_notes (
    id UUID PRIMARY KEY,
    case_id UUID NOT NULL REFERENCES cases (id),
    by_person UUID NOT NULL,
    words TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX case_notes_case ON case_notes (case_id, id);
-- Earlier cases of an account.
CREATE INDEX cases_of_account ON cases (account);
