-- What people told the operator, and how often each of them was right.
CREATE TABLE notices (
    id UUID PRIMARY KEY,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    words TEXT NOT NULL,
    thread TEXT,
    -- JSON: the platform's account that it is about.
    account TEXT,
    content_ids TEXT NOT NULL,
    urls TEXT NOT NULL,
    danger_now BOOLEAN NOT NULL,
    -- What danger told too often is taken for: it opens the case at a lower priority and pages nobody.
    danger_discounted BOOLEAN NOT NULL,
    contact TEXT,
    -- Who told it, as far as that is known: `account:…`, `address:` and a keyed hash, `staff:…`, `key:…` and a name.
    reporter TEXT,
    door TEXT NOT NULL,
    -- Beyond what one reporter may send in an hour: kept all the same, and nobody is paged for it.
    gathered BOOLEAN NOT NULL,
    case_id UUID,
    -- SHA-256 of what the status link holds.
    link BYTEA NOT NULL UNIQUE,
    received_at BIGINT NOT NULL
);
CREATE INDEX notices_case ON notices (case_id, received_at);
CREATE INDEX notices_reporter ON notices (reporter, received_at);

CREATE TABLE notice_items (
    notice UUID NOT NULL REFERENCES notices (id),
    item UUID NOT NULL UNIQUE,
    PRIMARY KEY (notice, item)
);
