-- name: create_audit_tables
CREATE TABLE IF NOT EXISTS penstock_audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  time_micros INTEGER NOT NULL,
  server TEXT NOT NULL,
  caller TEXT NOT NULL,
  peer TEXT NOT NULL,
  operation TEXT NOT NULL,
  path TEXT NOT NULL,
  status INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS idx_penstock_audit_time ON penstock_audit(time_micros, id);

-- name: insert_audit
INSERT INTO penstock_audit(time_micros, server, caller, peer, operation, path, status)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- name: select_audit
SELECT time_micros, server, caller, peer, operation, path, status FROM penstock_audit
ORDER BY time_micros DESC, id DESC LIMIT ?1;
