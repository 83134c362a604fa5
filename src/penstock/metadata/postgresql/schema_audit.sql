-- name: create_audit_tables
CREATE TABLE IF NOT EXISTS penstock_audit (
  id BIGSERIAL PRIMARY KEY,
  time_micros BIGINT NOT NULL,
  server TEXT NOT NULL,
  caller TEXT NOT NULL,
  peer TEXT NOT NULL,
  operation TEXT NOT NULL,
  path TEXT NOT NULL,
  status BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS idx_penstock_audit_time ON penstock_audit(time_micros, id);
