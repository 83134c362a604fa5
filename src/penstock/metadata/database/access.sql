-- name: create_access_tables
CREATE TABLE IF NOT EXISTS penstock_token (
  name TEXT NOT NULL PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL,
  namespace TEXT NOT NULL,
  created_seconds INTEGER NOT NULL,
  expires_seconds INTEGER NOT NULL
) WITHOUT ROWID;

-- name: insert_token
INSERT INTO penstock_token(name, hash, role, namespace, created_seconds, expires_seconds)
VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- name: select_token
SELECT name, hash, role, namespace, created_seconds, expires_seconds FROM penstock_token WHERE hash = ?1;

-- name: select_tokens
SELECT name, hash, role, namespace, created_seconds, expires_seconds FROM penstock_token ORDER BY name;

-- name: delete_token
DELETE FROM penstock_token WHERE name = ?1;
