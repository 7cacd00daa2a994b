-- How far this installation is with each source of lists; what a source is stands in config/sources.toml.
CREATE TABLE sources (
    name TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
