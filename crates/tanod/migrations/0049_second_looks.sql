-- What people say of a match after they looked: two who confirm it, independently, make an own find one that acts and may be shared (HR-10).
CREATE TABLE match_opinions (
    sha256 BYTEA NOT NULL,
    person UUID NOT NULL,
    fits BOOLEAN NOT NULL,
    reason TEXT NOT NULL,
    item UUID NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (sha256, person)
);

-- Decisions that a second person thinks through, from what the first stated; why it is worth it, and what came of it.
CREATE TABLE second_looks (
    id UUID PRIMARY KEY,
    decision UUID NOT NULL UNIQUE,
    case_id UUID NOT NULL,
    why TEXT NOT NULL,
    -- For one that is drawn: for which list and month.
    bank UUID,
    month TEXT,
    -- For one decision on a file: its digest. However many cases it settled, it is asked about once.
    file TEXT,
    created_at BIGINT NOT NULL,
    by_person UUID,
    agrees BOOLEAN,
    looked BOOLEAN NOT NULL DEFAULT FALSE,
    words TEXT,
    said_at BIGINT,
    settled_by UUID,
    settled_words TEXT,
    settled_at BIGINT
);
CREATE INDEX second_looks_open ON second_looks (said_at, id);
CREATE INDEX second_looks_drawn ON second_looks (bank, month);
CREATE INDEX second_looks_file ON second_looks (file);
CREATE INDEX second_looks_case ON second_looks (case_id);

-- A lead's words to one person about one decision of theirs, for these two alone.
CREATE TABLE coaching_notes (
    id UUID PRIMARY KEY,
    second_look UUID NOT NULL REFERENCES second_looks (id),
    for_person UUID NOT NULL,
    by_person UUID NOT NULL,
    words TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX coaching_notes_for ON coaching_notes (for_person, id);

-- Held while somebody says a word, so that of two at once the later counts both.
INSERT INTO counters (name, value) VALUES ('opinions', 0);
