-- Words and short phrases of the operator: of each nothing but a keyed hash.
CREATE TABLE vocabularies (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    entries BIGINT NOT NULL,
    imported_at BIGINT NOT NULL
);
CREATE TABLE vocabulary_words (
    list UUID NOT NULL REFERENCES vocabularies (id),
    hash BYTEA NOT NULL,
    PRIMARY KEY (list, hash)
);

-- JSON: the vocabularies that what was written meets, by their names; absent where it meets none.
ALTER TABLE stream_events ADD COLUMN vocabularies TEXT;
