-- name: create_access_tables
CREATE TABLE IF NOT EXISTS penstock_token (
  name VARCHAR(255) NOT NULL PRIMARY KEY,
  hash VARCHAR(255) NOT NULL UNIQUE,
  role VARCHAR(255) NOT NULL,
  namespace VARCHAR(255) NOT NULL,
  created_seconds BIGINT NOT NULL,
  expires_seconds BIGINT NOT NULL
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
