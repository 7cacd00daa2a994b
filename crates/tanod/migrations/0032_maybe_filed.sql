-- Under which number a stuck report may be filed already: the answer to its last call was lost.
ALTER TABLE reports ADD COLUMN maybe_filed_as BIGINT;
