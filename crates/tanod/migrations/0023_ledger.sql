-- The ledger's tree: how far entries are hashed into it, and up to where a signed checkpoint promises it.
CREATE TABLE tree (
    one INTEGER NOT NULL UNIQUE CHECK (one = 1),
    size BIGINT NOT NULL,
    frontier BYTEA NOT NULL,
    promised BIGINT NOT NULL
);
INSERT INTO tree (one, size, frontier, promised)
SELECT 1, size, frontier, size FROM checkpoints ORDER BY size DESC LIMIT 1;
INSERT INTO tree (one, size, frontier, promised)
SELECT 1, 0, '', 0 WHERE NOT EXISTS (SELECT 1 FROM tree);
