-- Since when somebody may see depictions, and when that ended (18 U.S.C. 2258B(c)(1)).
ALTER TABLE people ADD COLUMN looks_from BIGINT;
ALTER TABLE people ADD COLUMN looks_revoked_at BIGINT;
CREATE INDEX views_person ON views (person, at);
