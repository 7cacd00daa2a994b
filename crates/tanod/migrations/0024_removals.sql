-- Requests to remove an adult's intimate picture: a queue of their own beside the cases, with their deadline (US-60).
CREATE TABLE removals (
    notice UUID PRIMARY KEY REFERENCES notices (id),
    state TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    asked_at BIGINT,
    settled_at BIGINT,
    reason TEXT,
    by_whom TEXT
);
INSERT INTO removals (notice, state, due_at, settled_at)
SELECT id, CASE WHEN case_id IS NULL THEN 'open' ELSE 'escalated' END, received_at + 172800000000,
    CASE WHEN case_id IS NULL THEN NULL ELSE received_at END
FROM notices WHERE reason = 'intimate_adult';
CREATE INDEX removals_queue ON removals (state, due_at, notice);
