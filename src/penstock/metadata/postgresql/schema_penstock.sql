-- Penstock's own tables, beside ML Metadata's. A change here raises kPenstockSchemaVersion
-- in schema.cc and adds a migration; a column never changes its meaning.

-- name: create_penstock_tables
CREATE TABLE penstock_schema (version BIGINT NOT NULL);

-- What the launcher needs of an execution, in one row; ML Metadata's clients see the same
-- as properties. cache_key is NULL where the execution may not be reused.
CREATE TABLE penstock_execution (
  execution_id BIGINT PRIMARY KEY,
  run_id TEXT COLLATE "C" NOT NULL,
  pipeline_name TEXT COLLATE "C" NOT NULL,
  node_id TEXT COLLATE "C" NOT NULL,
  attempt BIGINT NOT NULL,
  cache_key BYTEA,
  cached_execution_id BIGINT,
  parameters TEXT COLLATE "C" NOT NULL,
  output_parameters TEXT COLLATE "C" NOT NULL DEFAULT '{}',
  error_code TEXT COLLATE "C" NOT NULL DEFAULT '',
  error_message TEXT COLLATE "C" NOT NULL DEFAULT '',
  log_path TEXT COLLATE "C" NOT NULL DEFAULT '',
  wall_seconds DOUBLE PRECISION NOT NULL DEFAULT 0,
  cpu_seconds DOUBLE PRECISION NOT NULL DEFAULT 0,
  peak_memory_bytes BIGINT NOT NULL DEFAULT 0,
  UNIQUE (run_id, node_id, attempt)
);
CREATE INDEX penstock_execution_cache_key ON penstock_execution(cache_key) WHERE cache_key IS NOT NULL;

-- Compiled pipelines, each text once: runs of one pipeline share it.
CREATE TABLE penstock_spec (
  id BIGSERIAL PRIMARY KEY,
  text_digest BYTEA NOT NULL UNIQUE,
  text TEXT COLLATE "C" NOT NULL
);

CREATE TABLE penstock_run (
  id BIGSERIAL PRIMARY KEY,
  run_id TEXT COLLATE "C" NOT NULL UNIQUE,
  pipeline_name TEXT COLLATE "C" NOT NULL,
  state BIGINT NOT NULL,
  created_micros BIGINT NOT NULL,
  updated_micros BIGINT NOT NULL,
  root TEXT COLLATE "C" NOT NULL,
  spec_digest BYTEA,
  spec_id BIGINT NOT NULL REFERENCES penstock_spec(id),
  parameters TEXT COLLATE "C" NOT NULL
);
CREATE INDEX penstock_run_created ON penstock_run(created_micros);
CREATE INDEX penstock_run_pipeline ON penstock_run(pipeline_name, created_micros);
CREATE INDEX penstock_run_state ON penstock_run(state, created_micros);

-- The scheduler's history of a run, numbered from 0 without a gap.
CREATE TABLE penstock_run_event (
  run BIGINT NOT NULL REFERENCES penstock_run(id),
  sequence BIGINT NOT NULL,
  event TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (run, sequence)
);
