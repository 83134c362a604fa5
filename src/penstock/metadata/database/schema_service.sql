-- The pipelines service's tables, by Kubeflow Pipelines' words. A change raises kServiceSchemaVersion.

-- name: create_service_tables
CREATE TABLE IF NOT EXISTS penstock_service_schema (version INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS penstock_experiment (
  id INTEGER PRIMARY KEY,
  experiment_id TEXT NOT NULL UNIQUE,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  created_seconds INTEGER NOT NULL,
  last_run_created_seconds INTEGER NOT NULL DEFAULT 0,
  storage_state TEXT NOT NULL,
  UNIQUE (namespace, name)
);
CREATE INDEX IF NOT EXISTS penstock_experiment_created ON penstock_experiment(created_seconds, id);

CREATE TABLE IF NOT EXISTS penstock_pipeline (
  id INTEGER PRIMARY KEY,
  pipeline_id TEXT NOT NULL UNIQUE,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  display_name TEXT NOT NULL,
  description TEXT NOT NULL,
  tags TEXT NOT NULL,
  created_seconds INTEGER NOT NULL,
  UNIQUE (namespace, name)
);
CREATE INDEX IF NOT EXISTS penstock_pipeline_created ON penstock_pipeline(created_seconds, id);

CREATE TABLE IF NOT EXISTS penstock_pipeline_version (
  id INTEGER PRIMARY KEY,
  version_id TEXT NOT NULL UNIQUE,
  pipeline_id TEXT NOT NULL,
  name TEXT NOT NULL,
  display_name TEXT NOT NULL,
  description TEXT NOT NULL,
  package_url TEXT NOT NULL,
  code_source_url TEXT NOT NULL,
  tags TEXT NOT NULL,
  spec_id INTEGER NOT NULL REFERENCES penstock_spec(id),
  created_seconds INTEGER NOT NULL,
  UNIQUE (pipeline_id, name)
);
CREATE INDEX IF NOT EXISTS penstock_pipeline_version_created ON penstock_pipeline_version(pipeline_id, created_seconds, id);

CREATE TABLE IF NOT EXISTS penstock_service_run (
  id INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL UNIQUE,
  namespace TEXT NOT NULL,
  experiment_id TEXT NOT NULL,
  recurring_run_id TEXT NOT NULL,
  pipeline_id TEXT NOT NULL,
  version_id TEXT NOT NULL,
  display_name TEXT NOT NULL,
  description TEXT NOT NULL,
  service_account TEXT NOT NULL,
  storage_state TEXT NOT NULL,
  state TEXT NOT NULL,
  runtime_config TEXT NOT NULL,
  plugins_input TEXT NOT NULL,
  state_history TEXT NOT NULL,
  error TEXT NOT NULL,
  spec_id INTEGER NOT NULL REFERENCES penstock_spec(id),
  created_seconds INTEGER NOT NULL,
  scheduled_seconds INTEGER NOT NULL,
  finished_seconds INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS penstock_service_run_created ON penstock_service_run(created_seconds, id);
CREATE INDEX IF NOT EXISTS penstock_service_run_experiment
  ON penstock_service_run(experiment_id, created_seconds, id);
CREATE INDEX IF NOT EXISTS penstock_service_run_name ON penstock_service_run(display_name, id);
CREATE INDEX IF NOT EXISTS penstock_service_run_recurring
  ON penstock_service_run(recurring_run_id, created_seconds, id) WHERE recurring_run_id <> '';
CREATE INDEX IF NOT EXISTS penstock_service_run_unfinished
  ON penstock_service_run(id) WHERE state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELED', 'SKIPPED');

-- How many runs there are of each kind, kept by triggers: a list of a million says its size at once.
CREATE TABLE IF NOT EXISTS penstock_service_run_count (
  namespace TEXT NOT NULL,
  experiment_id TEXT NOT NULL,
  storage_state TEXT NOT NULL,
  state TEXT NOT NULL,
  num_runs INTEGER NOT NULL,
  PRIMARY KEY (namespace, experiment_id, storage_state, state)
) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS penstock_service_run_inserted AFTER INSERT ON penstock_service_run BEGIN
  INSERT INTO penstock_service_run_count(namespace, experiment_id, storage_state, state, num_runs)
  VALUES (NEW.namespace, NEW.experiment_id, NEW.storage_state, NEW.state, 1)
  ON CONFLICT DO UPDATE SET num_runs = num_runs + 1;
END;
CREATE TRIGGER IF NOT EXISTS penstock_service_run_deleted AFTER DELETE ON penstock_service_run BEGIN
  UPDATE penstock_service_run_count SET num_runs = num_runs - 1
  WHERE namespace = OLD.namespace AND experiment_id = OLD.experiment_id AND storage_state = OLD.storage_state
    AND state = OLD.state;
END;
CREATE TRIGGER IF NOT EXISTS penstock_service_run_moved AFTER UPDATE OF storage_state, state ON penstock_service_run
WHEN OLD.storage_state <> NEW.storage_state OR OLD.state <> NEW.state BEGIN
  UPDATE penstock_service_run_count SET num_runs = num_runs - 1
  WHERE namespace = OLD.namespace AND experiment_id = OLD.experiment_id AND storage_state = OLD.storage_state
    AND state = OLD.state;
  INSERT INTO penstock_service_run_count(namespace, experiment_id, storage_state, state, num_runs)
  VALUES (NEW.namespace, NEW.experiment_id, NEW.storage_state, NEW.state, 1)
  ON CONFLICT DO UPDATE SET num_runs = num_runs + 1;
END;

CREATE TABLE IF NOT EXISTS penstock_recurring_run (
  id INTEGER PRIMARY KEY,
  recurring_run_id TEXT NOT NULL UNIQUE,
  namespace TEXT NOT NULL,
  experiment_id TEXT NOT NULL,
  pipeline_id TEXT NOT NULL,
  version_id TEXT NOT NULL,
  display_name TEXT NOT NULL,
  description TEXT NOT NULL,
  service_account TEXT NOT NULL,
  runtime_config TEXT NOT NULL,
  plugins_input TEXT NOT NULL,
  spec_id INTEGER REFERENCES penstock_spec(id),
  cron TEXT NOT NULL,
  interval_seconds INTEGER NOT NULL,
  start_seconds INTEGER,
  end_seconds INTEGER,
  max_concurrency INTEGER NOT NULL,
  no_catchup INTEGER NOT NULL,
  is_enabled INTEGER NOT NULL,
  created_seconds INTEGER NOT NULL,
  updated_seconds INTEGER NOT NULL,
  last_scheduled_seconds INTEGER,
  num_started INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS penstock_recurring_run_created ON penstock_recurring_run(created_seconds, id);

-- name: insert_service_version
INSERT INTO penstock_service_schema(version) SELECT ?1 + 0 WHERE NOT EXISTS (SELECT 1 FROM penstock_service_schema);

-- name: select_service_version
SELECT MAX(version) FROM penstock_service_schema;

-- name: touch_service
UPDATE penstock_service_schema SET version = version;

-- name: begin_part
SAVEPOINT part;

-- name: release_part
RELEASE part;

-- name: rollback_part
ROLLBACK TO part;
