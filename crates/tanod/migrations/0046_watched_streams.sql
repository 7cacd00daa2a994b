-- What is looked at of a stream: where it comes from and how closely, which process looks, from when to when it was seen, which
-- of its frames a list knows, and which stretches of it are kept. Time that stands in no sight was not seen.
ALTER TABLE streams ADD COLUMN source TEXT;
ALTER TABLE streams ADD COLUMN mode TEXT;
ALTER TABLE streams ADD COLUMN watcher UUID;
-- Why nothing is seen at the moment, where that is known.
ALTER TABLE streams ADD COLUMN unseen_because TEXT;
CREATE INDEX streams_watched ON streams (watcher) WHERE state = 'live' AND source IS NOT NULL;

-- Processes that look at streams. One that says nothing for a moment is gone, and others look at its streams.
CREATE TABLE stream_watchers (
    process UUID PRIMARY KEY,
    alive_until BIGINT NOT NULL
);

CREATE TABLE stream_sights (
    id UUID PRIMARY KEY,
    stream UUID NOT NULL REFERENCES streams (id),
    from_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    frames BIGINT NOT NULL,
    -- Why it ended; absent while it goes on.
    ended_by TEXT
);
CREATE INDEX stream_sights_stream ON stream_sights (stream, from_at);

CREATE TABLE stream_hits (
    id UUID PRIMARY KEY,
    stream UUID NOT NULL REFERENCES streams (id),
    at BIGINT NOT NULL,
    bank UUID NOT NULL,
    -- The bank's name and kind as they were then.
    list TEXT NOT NULL,
    kind TEXT NOT NULL,
    entry UUID NOT NULL,
    distance BIGINT NOT NULL
);
CREATE INDEX stream_hits_at ON stream_hits (stream, at);

-- What is kept of a stream with a signal: the stretch before it, and the one after it.
CREATE TABLE stream_segments (
    id UUID PRIMARY KEY,
    stream UUID NOT NULL REFERENCES streams (id),
    signal UUID NOT NULL REFERENCES stream_signals (id),
    part TEXT NOT NULL,
    from_at BIGINT,
    until_at BIGINT,
    -- The sealed upload that it is; absent where nothing could be kept.
    item UUID,
    UNIQUE (signal, part)
);
CREATE INDEX stream_segments_stream ON stream_segments (stream, from_at);
