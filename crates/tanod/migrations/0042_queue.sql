-- A queue of fifty thousand cases reads a page of rows: what it is ordered and filtered by lies in one index.
-- The next open deadline, as the last round over the clocks found it. What a page says of a deadline is computed, not read here.
ALTER TABLE cases ADD COLUMN due_at BIGINT;
-- The language of the content, where the platform said so (BCP 47, in small letters).
ALTER TABLE cases ADD COLUMN language TEXT;
DROP INDEX cases_queue;
CREATE INDEX cases_queue ON cases (state, priority, knowledge_at, id, knowledge_route, due_at, leased_by, leased_until, language, reasons);
DROP INDEX cases_knowledge;
CREATE INDEX cases_knowledge ON cases (priority, knowledge_at, id, knowledge_route, due_at, leased_by, leased_until, language, reasons);
CREATE INDEX cases_known ON cases (knowledge_at);
CREATE INDEX cases_leased ON cases (leased_by) WHERE leased_by IS NOT NULL;
CREATE INDEX cases_opened ON cases (opened_at);
CREATE INDEX decisions_at ON decisions (at);
CREATE INDEX signals_decision ON signals (decision);
CREATE INDEX reports_finished ON reports (finished_at);
CREATE INDEX legal_processes_reference ON legal_processes (reference);
CREATE INDEX alarms_case ON alarms (case_id) WHERE cleared_at IS NULL;
