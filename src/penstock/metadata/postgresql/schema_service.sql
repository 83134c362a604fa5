-- The pipelines service's tables, by Kubeflow Pipelines' words. A change raises kServiceSchemaVersion.

-- name: create_service_tables
CREATE TABLE IF NOT EXISTS penstock_service_schema (version BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS penstock_experiment (
  id BIGSERIAL PRIMARY KEY,
  experiment_id TEXT COLLATE "C" NOT NULL UNIQUE,
  namespace TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  description TEXT COLLATE "C" NOT NULL,
  created_seconds BIGINT NOT NULL,
  last_run_created_seconds BIGINT NOT NULL DEFAULT 0,
  storage_state TEXT COLLATE "C" NOT NULL,
  UNIQUE (namespace, name)
);
CREATE INDEX IF NOT EXISTS penstock_experiment_created ON penstock_experiment(created_seconds, id);

CREATE TABLE IF NOT EXISTS penstock_pipeline (
  id BIGSERIAL PRIMARY KEY,
  pipeline_id TEXT COLLATE "C" NOT NULL UNIQUE,
  namespace TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  display_name TEXT COLLATE "C" NOT NULL,
  description TEXT COLLATE "C" NOT NULL,
  tags TEXT COLLATE "C" NOT NULL,
  created_seconds BIGINT NOT NULL,
  UNIQUE (namespace, name)
);
CREATE INDEX IF NOT EXISTS penstock_pipeline_created ON penstock_pipeline(created_seconds, id);

CREATE TABLE IF NOT EXISTS penstock_pipeline_version (
  id BIGSERIAL PRIMARY KEY,
  version_id TEXT COLLATE "C" NOT NULL UNIQUE,
  pipeline_id TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  display_name TEXT COLLATE "C" NOT NULL,
  description TEXT COLLATE "C" NOT NULL,
  package_url TEXT COLLATE "C" NOT NULL,
  code_source_url TEXT COLLATE "C" NOT NULL,
  tags TEXT COLLATE "C" NOT NULL,
  spec_id BIGINT NOT NULL REFERENCES penstock_spec(id),
  created_seconds BIGINT NOT NULL,
  UNIQUE (pipeline_id, name)
);
CREATE INDEX IF NOT EXISTS penstock_pipeline_version_created ON penstock_pipeline_version(pipeline_id, created_seconds, id);

CREATE TABLE IF NOT EXISTS penstock_service_run (
  id BIGSERIAL PRIMARY KEY,
  run_id TEXT COLLATE "C" NOT NULL UNIQUE,
  namespace TEXT COLLATE "C" NOT NULL,
  experiment_id TEXT COLLATE "C" NOT NULL,
  recurring_run_id TEXT COLLATE "C" NOT NULL,
  pipeline_id TEXT COLLATE "C" NOT NULL,
  version_id TEXT COLLATE "C" NOT NULL,
  display_name TEXT COLLATE "C" NOT NULL,
  description TEXT COLLATE "C" NOT NULL,
  service_account TEXT COLLATE "C" NOT NULL,
  storage_state TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  runtime_config TEXT COLLATE "C" NOT NULL,
  plugins_input TEXT COLLATE "C" NOT NULL,
  state_history TEXT COLLATE "C" NOT NULL,
  error TEXT COLLATE "C" NOT NULL,
  spec_id BIGINT NOT NULL REFERENCES penstock_spec(id),
  created_seconds BIGINT NOT NULL,
  scheduled_seconds BIGINT NOT NULL,
  finished_seconds BIGINT NOT NULL
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
  namespace TEXT COLLATE "C" NOT NULL,
  experiment_id TEXT COLLATE "C" NOT NULL,
  storage_state TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  num_runs BIGINT NOT NULL,
  PRIMARY KEY (namespace, experiment_id, storage_state, state)
);
CREATE OR REPLACE FUNCTION penstock_count_service_run() RETURNS trigger AS $penstock$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    UPDATE penstock_service_run_count SET num_runs = num_runs - 1
    WHERE namespace = OLD.namespace AND experiment_id = OLD.experiment_id AND storage_state = OLD.storage_state
      AND state = OLD.state;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO penstock_service_run_count AS C (namespace, experiment_id, storage_state, state, num_runs)
    VALUES (NEW.namespace, NEW.experiment_id, NEW.storage_state, NEW.state, 1)
    ON CONFLICT (namespace, experiment_id, storage_state, state) DO UPDATE SET num_runs = C.num_runs + 1;
  END IF;
  RETURN NULL;
END
$penstock$ LANGUAGE plpgsql;
DROP TRIGGER IF EXISTS penstock_service_run_counted ON penstock_service_run;
CREATE TRIGGER penstock_service_run_counted AFTER INSERT OR DELETE OR UPDATE OF storage_state, state
  ON penstock_service_run FOR EACH ROW EXECUTE FUNCTION penstock_count_service_run();

CREATE TABLE IF NOT EXISTS penstock_recurring_run (
  id BIGSERIAL PRIMARY KEY,
  recurring_run_id TEXT COLLATE "C" NOT NULL UNIQUE,
  namespace TEXT COLLATE "C" NOT NULL,
  experiment_id TEXT COLLATE "C" NOT NULL,
  pipeline_id TEXT COLLATE "C" NOT NULL,
  version_id TEXT COLLATE "C" NOT NULL,
  display_name TEXT COLLATE "C" NOT NULL,
  description TEXT COLLATE "C" NOT NULL,
  service_account TEXT COLLATE "C" NOT NULL,
  runtime_config TEXT COLLATE "C" NOT NULL,
  plugins_input TEXT COLLATE "C" NOT NULL,
  spec_id BIGINT REFERENCES penstock_spec(id),
  cron TEXT COLLATE "C" NOT NULL,
  interval_seconds BIGINT NOT NULL,
  start_seconds BIGINT,
  end_seconds BIGINT,
  max_concurrency BIGINT NOT NULL,
  no_catchup BOOLEAN NOT NULL,
  is_enabled BOOLEAN NOT NULL,
  created_seconds BIGINT NOT NULL,
  updated_seconds BIGINT NOT NULL,
  last_scheduled_seconds BIGINT,
  num_started BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS penstock_recurring_run_created ON penstock_recurring_run(created_seconds, id);
