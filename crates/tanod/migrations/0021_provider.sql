-- Who every report says the operator is (US-02): one row of JSON; its history is in the record.
CREATE TABLE provider (
    one BIGINT PRIMARY KEY,
    body TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
