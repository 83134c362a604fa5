-- Penstock's own tables, beside ML Metadata's. A change here raises kPenstockSchemaVersion
-- in schema.cc and adds a migration; a column never changes its meaning.

-- name: create_penstock_tables
CREATE TABLE penstock_schema (version INTEGER NOT NULL);

-- What the launcher needs of an execution, in one row; ML Metadata's clients see the same
-- as properties. cache_key is NULL where the execution may not be reused.
CREATE TABLE penstock_execution (
  execution_id INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL,
  pipeline_name TEXT NOT NULL,
  node_id TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  cache_key BLOB,
  cached_execution_id INTEGER,
  parameters TEXT NOT NULL,
  output_parameters TEXT NOT NULL DEFAULT '{}',
  error_code TEXT NOT NULL DEFAULT '',
  error_message TEXT NOT NULL DEFAULT '',
  log_path TEXT NOT NULL DEFAULT '',
  wall_seconds REAL NOT NULL DEFAULT 0,
  cpu_seconds REAL NOT NULL DEFAULT 0,
  peak_memory_bytes INTEGER NOT NULL DEFAULT 0,
  UNIQUE (run_id, node_id, attempt)
);
CREATE INDEX penstock_execution_cache_key ON penstock_execution(cache_key) WHERE cache_key IS NOT NULL;

-- Compiled pipelines, each text once: runs of one pipeline share it.
CREATE TABLE penstock_spec (
  id INTEGER PRIMARY KEY,
  text_digest BLOB NOT NULL UNIQUE,
  text TEXT NOT NULL
);

CREATE TABLE penstock_run (
  id INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL UNIQUE,
  pipeline_name TEXT NOT NULL,
  state INTEGER NOT NULL,
  created_micros INTEGER NOT NULL,
  updated_micros INTEGER NOT NULL,
  root TEXT NOT NULL,
  spec_digest BLOB,
  spec_id INTEGER NOT NULL REFERENCES penstock_spec(id),
  parameters TEXT NOT NULL
);
CREATE INDEX penstock_run_created ON penstock_run(created_micros);
CREATE INDEX penstock_run_pipeline ON penstock_run(pipeline_name, created_micros);
CREATE INDEX penstock_run_state ON penstock_run(state, created_micros);

-- The scheduler's history of a run, numbered from 0 without a gap.
CREATE TABLE penstock_run_event (
  run INTEGER NOT NULL REFERENCES penstock_run(id),
  sequence INTEGER NOT NULL,
  event TEXT NOT NULL,
  PRIMARY KEY (run, sequence)
) WITHOUT ROWID;

-- name: insert_penstock_version
INSERT INTO penstock_schema(version) VALUES (?1);

-- name: select_penstock_version
SELECT MAX(version) FROM penstock_schema;
