-- name: create_access_tables
CREATE TABLE IF NOT EXISTS penstock_token (
  name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  hash TEXT COLLATE "C" NOT NULL UNIQUE,
  role TEXT COLLATE "C" NOT NULL,
  namespace TEXT COLLATE "C" NOT NULL,
  created_seconds BIGINT NOT NULL,
  expires_seconds BIGINT NOT NULL
);
