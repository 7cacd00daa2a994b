-- One file that many accounts passed on: reports that may go out together, and with which one they went.
ALTER TABLE reports ADD COLUMN batch TEXT;
ALTER TABLE reports ADD COLUMN joined UUID;
CREATE INDEX reports_batch ON reports (batch, state);
CREATE INDEX reports_joined ON reports (joined);
