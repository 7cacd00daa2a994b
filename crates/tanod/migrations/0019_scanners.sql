-- Signs of life of each process that looks at files, and whether its decoder answered.
CREATE TABLE scanners (
    process UUID PRIMARY KEY,
    works BOOLEAN NOT NULL,
    at BIGINT NOT NULL
);
