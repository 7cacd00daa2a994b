-- Streams that are shown now, what happens in them, and what of it raised an alarm. Without a signal everything personal goes with
-- the stream's end.
CREATE TABLE streams (
    id UUID PRIMARY KEY,
    by_key UUID NOT NULL,
    content_id TEXT NOT NULL,
    -- JSON: where users see it, and the account that broadcasts, as the platform says it.
    urls TEXT NOT NULL,
    account TEXT,
    address TEXT,
    port BIGINT,
    public BOOLEAN NOT NULL,
    -- The one endpoint that hears of it; all that want to, where none is named.
    callback TEXT,
    state TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    -- When its last event came.
    stirred_at BIGINT NOT NULL,
    events BIGINT NOT NULL,
    case_id UUID,
    -- When everything personal was taken out of it.
    forgotten_at BIGINT
);
-- A stream runs once at a time.
CREATE UNIQUE INDEX streams_running ON streams (content_id) WHERE state = 'live';
CREATE INDEX streams_case ON streams (case_id);
CREATE INDEX streams_state ON streams (state, ended_at);

CREATE TABLE stream_events (
    id UUID PRIMARY KEY,
    stream UUID NOT NULL REFERENCES streams (id),
    -- The platform's own id of it: told twice, it is one.
    named TEXT,
    kind TEXT NOT NULL,
    account TEXT,
    at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    -- JSON: as it was told.
    body TEXT NOT NULL,
    UNIQUE (stream, named)
);
CREATE INDEX stream_events_at ON stream_events (stream, at);
CREATE INDEX stream_events_told ON stream_events (account, kind, received_at);

-- What made a stream a case's: who or what said so, and how far it is kept.
CREATE TABLE stream_signals (
    id UUID PRIMARY KEY,
    stream UUID NOT NULL REFERENCES streams (id),
    cause TEXT NOT NULL,
    -- The rule that said so.
    rule TEXT,
    notice UUID,
    case_id UUID NOT NULL,
    at BIGINT NOT NULL,
    -- How often those who took part were sealed, and when the last time.
    snapshots BIGINT NOT NULL,
    sealed_at BIGINT
);
CREATE INDEX stream_signals_stream ON stream_signals (stream, at);
CREATE INDEX stream_signals_case ON stream_signals (case_id);

ALTER TABLE signals ADD COLUMN stream UUID;
