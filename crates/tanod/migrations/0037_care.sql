-- Care for the people who look. What they chose and how they are is theirs: no address shows it to anybody else.
CREATE TABLE care (
    person UUID PRIMARY KEY REFERENCES people (id),
    agreed_at BIGINT,
    training TEXT,
    trained_at BIGINT,
    trained_by UUID,
    resting_since BIGINT,
    opted_out TEXT NOT NULL DEFAULT '[]',
    shift_ends_at BIGINT
);
-- How severe a list says the upload is, as it was known before the look.
ALTER TABLE views ADD COLUMN severity TEXT;

-- How severe the lists say the worst upload of the case is; what the next case is chosen by, and what is said before it is opened.
ALTER TABLE cases ADD COLUMN severity TEXT;
-- Put off by a person, with a reason. No deadline waits for it.
ALTER TABLE cases ADD COLUMN put_off_until BIGINT;
ALTER TABLE cases ADD COLUMN put_off_because TEXT;

-- Words by which a case is found: addresses, telephone numbers, devices, as the platform gave them. They go with the evidence.
CREATE TABLE case_words (
    word TEXT NOT NULL,
    case_id UUID NOT NULL REFERENCES cases (id),
    PRIMARY KEY (word, case_id)
);
CREATE INDEX case_words_case ON case_words (case_id);
CREATE INDEX items_md5 ON items (md5);
CREATE INDEX items_sha1 ON items (sha1);
CREATE INDEX reports_number ON reports (number);
CREATE INDEX cases_knowledge ON cases (priority, knowledge_at, id);
CREATE INDEX cases_changed ON cases (changed_at);
