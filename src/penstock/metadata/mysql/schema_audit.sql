-- name: create_audit_tables
CREATE TABLE IF NOT EXISTS penstock_audit (
  id BIGINT PRIMARY KEY AUTO_INCREMENT,
  time_micros BIGINT NOT NULL,
  server LONGTEXT NOT NULL,
  caller LONGTEXT NOT NULL,
  peer LONGTEXT NOT NULL,
  operation LONGTEXT NOT NULL,
  path LONGTEXT NOT NULL,
  status BIGINT NOT NULL
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX idx_penstock_audit_time ON penstock_audit(time_micros, id);
