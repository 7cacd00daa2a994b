-- Statements that somebody viewed an upload in the platform's own tool: by one person, countersigned by another (US-15).
CREATE TABLE viewings (
    id UUID PRIMARY KEY,
    case_id UUID NOT NULL,
    item UUID NOT NULL,
    viewer TEXT NOT NULL,
    tool TEXT NOT NULL,
    viewed_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    by_person UUID NOT NULL,
    at BIGINT NOT NULL,
    second_person UUID,
    second_at BIGINT
);
CREATE INDEX viewings_item ON viewings (item);
CREATE INDEX viewings_case ON viewings (case_id);
