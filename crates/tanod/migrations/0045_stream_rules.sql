-- What rules over streams did alone: whether one asked for a stop, and since when its stops are counted anew.
ALTER TABLE stream_signals ADD COLUMN stopped BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX stream_signals_rule ON stream_signals (rule, at);

CREATE TABLE stream_breakers (
    rule TEXT PRIMARY KEY,
    resumed_at BIGINT NOT NULL,
    resumed_by TEXT NOT NULL
);
