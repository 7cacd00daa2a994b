-- A hold may rest on any basis of config/holds.toml, and one of them may also say by when something must be gone.
CREATE TABLE holds_of_all_bases (
    id UUID PRIMARY KEY,
    case_id UUID NOT NULL,
    basis TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    -- It must not go before; nothing: until what it waits for has come.
    until_at BIGINT,
    -- It must be gone by then.
    most_at BIGINT,
    released_at BIGINT,
    report UUID,
    renewals BIGINT NOT NULL DEFAULT 0,
    -- Who asked, under what reference; why it is kept for longer, and when that is looked at again.
    authority TEXT,
    reference TEXT,
    purpose TEXT,
    owner TEXT,
    review_at BIGINT,
    UNIQUE (case_id, basis, report)
);
INSERT INTO holds_of_all_bases (id, case_id, basis, starts_at, until_at, released_at, report)
SELECT id, case_id, basis, starts_at, until_at, released_at, report FROM holds;
DROP TABLE holds;
ALTER TABLE holds_of_all_bases RENAME TO holds;
CREATE INDEX holds_case ON holds (case_id);

-- What two people must agree on: that a hold gives way, or that a depiction is destroyed while one stands.
CREATE TABLE releases (
    id UUID PRIMARY KEY,
    case_id UUID NOT NULL,
    hold UUID,
    ordered UUID,
    reason TEXT NOT NULL,
    asked_by UUID NOT NULL,
    asked_at BIGINT NOT NULL,
    answered_by UUID,
    answered_at BIGINT,
    approved BOOLEAN
);
CREATE INDEX releases_case ON releases (case_id);

-- Cases whose bases contradict each other. Nothing of them is destroyed until nobody contradicts any more.
CREATE TABLE counsel (
    case_id UUID PRIMARY KEY,
    words TEXT NOT NULL,
    since BIGINT NOT NULL
);

-- Requests of the police to destroy a depiction (18 U.S.C. 2258B(c)(2)).
CREATE TABLE destruction_orders (
    id UUID PRIMARY KEY,
    case_id UUID NOT NULL,
    item UUID NOT NULL,
    agency TEXT NOT NULL,
    officer TEXT NOT NULL,
    reference TEXT NOT NULL,
    verified_how TEXT NOT NULL,
    verified_by TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    state TEXT NOT NULL
);
CREATE INDEX destruction_orders_case ON destruction_orders (case_id);

-- Wrapped data keys, apart from the rows that name the objects: an ordinary backup of the database leaves this table out.
CREATE TABLE data_keys (
    object UUID PRIMARY KEY,
    wrapped BYTEA NOT NULL
);
INSERT INTO data_keys (object, wrapped) SELECT object, wrapped_key FROM exhibits WHERE wrapped_key IS NOT NULL;
INSERT INTO data_keys (object, wrapped) SELECT object, wrapped_key FROM contexts WHERE wrapped_key IS NOT NULL;
UPDATE exhibits SET wrapped_key = NULL;
UPDATE contexts SET wrapped_key = NULL;

-- What was destroyed, and the signed certificate of it.
CREATE TABLE destructions (
    id UUID PRIMARY KEY,
    object UUID NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    item UUID,
    case_id UUID,
    sha256 TEXT,
    bytes BIGINT NOT NULL,
    cause TEXT NOT NULL,
    ordered UUID,
    by_actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- When the last backup that holds the key is gone.
    keys_gone_at BIGINT NOT NULL,
    verified_at BIGINT,
    certificate TEXT
);
CREATE INDEX destructions_case ON destructions (case_id);

-- Backups that hold data keys, and when they are gone.
CREATE TABLE backups (
    id UUID PRIMARY KEY,
    made_at BIGINT NOT NULL,
    keys_until BIGINT NOT NULL
);

-- The latest time that destruction believes. It follows the clock by at most a day at a time, so that a clock which jumps
-- ends no hold.
CREATE TABLE believed_time (
    one INTEGER NOT NULL UNIQUE CHECK (one = 1),
    at BIGINT NOT NULL
);
