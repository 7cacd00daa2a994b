-- What people entered into the report of a case, field by field; with the report once it is intended.
CREATE TABLE report_edits (
    id UUID PRIMARY KEY,
    case_id UUID NOT NULL,
    report UUID,
    file UUID,
    path TEXT NOT NULL,
    was TEXT NOT NULL,
    value TEXT NOT NULL,
    staff BIGINT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX report_edits_case ON report_edits (case_id, report);
