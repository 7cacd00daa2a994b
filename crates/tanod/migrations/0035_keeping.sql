-- When everything personal of a case was taken out of its rows, its holds having ended.
ALTER TABLE cases ADD COLUMN wiped_at BIGINT;

-- What time-stamping authorities said about checkpoints (RFC 3161), as it came.
CREATE TABLE time_stamps (
    size BIGINT NOT NULL,
    authority TEXT NOT NULL,
    response BYTEA NOT NULL,
    stamped_at BIGINT NOT NULL,
    PRIMARY KEY (size, authority)
);
