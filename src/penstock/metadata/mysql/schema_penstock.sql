-- Penstock's own tables, beside ML Metadata's. A change here raises kPenstockSchemaVersion
-- in schema.cc and adds a migration; a column never changes its meaning.

-- name: create_penstock_tables
CREATE TABLE penstock_schema (version BIGINT NOT NULL);

-- What the launcher needs of an execution, in one row; ML Metadata's clients see the same
-- as properties. cache_key is NULL where the execution may not be reused.
CREATE TABLE penstock_execution (
  execution_id BIGINT PRIMARY KEY,
  run_id VARCHAR(255) NOT NULL,
  pipeline_name VARCHAR(255) NOT NULL,
  node_id VARCHAR(255) NOT NULL,
  attempt BIGINT NOT NULL,
  cache_key BINARY(16),
  cached_execution_id BIGINT,
  parameters LONGTEXT NOT NULL,
  output_parameters LONGTEXT NOT NULL DEFAULT ('{}'),
  error_code VARCHAR(255) NOT NULL DEFAULT '',
  error_message LONGTEXT NOT NULL DEFAULT (''),
  log_path LONGTEXT NOT NULL DEFAULT (''),
  wall_seconds DOUBLE NOT NULL DEFAULT 0,
  cpu_seconds DOUBLE NOT NULL DEFAULT 0,
  peak_memory_bytes BIGINT NOT NULL DEFAULT 0,
  UNIQUE (run_id, node_id, attempt)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX penstock_execution_cache_key ON penstock_execution(cache_key);

-- Compiled pipelines, each text once: runs of one pipeline share it.
CREATE TABLE penstock_spec (
  id BIGINT PRIMARY KEY AUTO_INCREMENT,
  text_digest BINARY(16) NOT NULL UNIQUE,
  text LONGTEXT NOT NULL
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE penstock_run (
  id BIGINT PRIMARY KEY AUTO_INCREMENT,
  run_id VARCHAR(255) NOT NULL UNIQUE,
  pipeline_name VARCHAR(255) NOT NULL,
  state BIGINT NOT NULL,
  created_micros BIGINT NOT NULL,
  updated_micros BIGINT NOT NULL,
  root LONGTEXT NOT NULL,
  spec_digest BINARY(16),
  spec_id BIGINT NOT NULL,
  parameters LONGTEXT NOT NULL
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX penstock_run_created ON penstock_run(created_micros);
CREATE INDEX penstock_run_pipeline ON penstock_run(pipeline_name, created_micros);
CREATE INDEX penstock_run_state ON penstock_run(state, created_micros);

-- The scheduler's history of a run, numbered from 0 without a gap.
CREATE TABLE penstock_run_event (
  run BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  event LONGTEXT NOT NULL,
  PRIMARY KEY (run, sequence)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
