-- The pipelines service's tables, by Kubeflow Pipelines' words. A change raises kServiceSchemaVersion.

-- name: create_service_tables
CREATE TABLE IF NOT EXISTS penstock_service_schema (version BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS penstock_experiment (
  id BIGINT PRIMARY KEY AUTO_INCREMENT,
  experiment_id VARCHAR(255) NOT NULL UNIQUE,
  namespace VARCHAR(255) NOT NULL,
  name VARCHAR(255) NOT NULL,
  description LONGTEXT NOT NULL,
  created_seconds BIGINT NOT NULL,
  last_run_created_seconds BIGINT NOT NULL DEFAULT 0,
  storage_state VARCHAR(255) NOT NULL,
  UNIQUE (namespace, name)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX penstock_experiment_created ON penstock_experiment(created_seconds, id);

CREATE TABLE IF NOT EXISTS penstock_pipeline (
  id BIGINT PRIMARY KEY AUTO_INCREMENT,
  pipeline_id VARCHAR(255) NOT NULL UNIQUE,
  namespace VARCHAR(255) NOT NULL,
  name VARCHAR(255) NOT NULL,
  display_name VARCHAR(255) NOT NULL,
  description LONGTEXT NOT NULL,
  tags LONGTEXT NOT NULL,
  created_seconds BIGINT NOT NULL,
  UNIQUE (namespace, name)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX penstock_pipeline_created ON penstock_pipeline(created_seconds, id);

CREATE TABLE IF NOT EXISTS penstock_pipeline_version (
  id BIGINT PRIMARY KEY AUTO_INCREMENT,
  version_id VARCHAR(255) NOT NULL UNIQUE,
  pipeline_id VARCHAR(255) NOT NULL,
  name VARCHAR(255) NOT NULL,
  display_name VARCHAR(255) NOT NULL,
  description LONGTEXT NOT NULL,
  package_url LONGTEXT NOT NULL,
  code_source_url LONGTEXT NOT NULL,
  tags LONGTEXT NOT NULL,
  spec_id BIGINT NOT NULL,
  created_seconds BIGINT NOT NULL,
  UNIQUE (pipeline_id, name)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX penstock_pipeline_version_created ON penstock_pipeline_version(pipeline_id, created_seconds, id);

CREATE TABLE IF NOT EXISTS penstock_service_run (
  id BIGINT PRIMARY KEY AUTO_INCREMENT,
  run_id VARCHAR(255) NOT NULL UNIQUE,
  namespace VARCHAR(255) NOT NULL,
  experiment_id VARCHAR(255) NOT NULL,
  recurring_run_id VARCHAR(255) NOT NULL,
  pipeline_id VARCHAR(255) NOT NULL,
  version_id VARCHAR(255) NOT NULL,
  display_name VARCHAR(255) NOT NULL,
  description LONGTEXT NOT NULL,
  service_account VARCHAR(255) NOT NULL,
  storage_state VARCHAR(255) NOT NULL,
  state VARCHAR(255) NOT NULL,
  runtime_config LONGTEXT NOT NULL,
  plugins_input LONGTEXT NOT NULL,
  state_history LONGTEXT NOT NULL,
  error LONGTEXT NOT NULL,
  spec_id BIGINT NOT NULL,
  created_seconds BIGINT NOT NULL,
  scheduled_seconds BIGINT NOT NULL,
  finished_seconds BIGINT NOT NULL
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX penstock_service_run_created ON penstock_service_run(created_seconds, id);
CREATE INDEX penstock_service_run_experiment
  ON penstock_service_run(experiment_id, created_seconds, id);
CREATE INDEX penstock_service_run_name ON penstock_service_run(display_name, id);
CREATE INDEX penstock_service_run_recurring
  ON penstock_service_run(recurring_run_id, created_seconds, id);
CREATE INDEX penstock_service_run_unfinished
  ON penstock_service_run(id);

-- How many runs there are of each kind, kept by triggers: a list of a million says its size at once. A key has
-- 3,072 bytes, four of them a character.
CREATE TABLE IF NOT EXISTS penstock_service_run_count (
  namespace VARCHAR(255) NOT NULL,
  experiment_id VARCHAR(255) NOT NULL,
  storage_state VARCHAR(32) NOT NULL,
  state VARCHAR(32) NOT NULL,
  num_runs BIGINT NOT NULL,
  PRIMARY KEY (namespace, experiment_id, storage_state, state)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TRIGGER IF NOT EXISTS penstock_service_run_inserted AFTER INSERT ON penstock_service_run FOR EACH ROW
  INSERT INTO penstock_service_run_count(namespace, experiment_id, storage_state, state, num_runs)
  VALUES (NEW.namespace, NEW.experiment_id, NEW.storage_state, NEW.state, 1)
  ON DUPLICATE KEY UPDATE num_runs = num_runs + 1;
CREATE TRIGGER IF NOT EXISTS penstock_service_run_deleted AFTER DELETE ON penstock_service_run FOR EACH ROW
  UPDATE penstock_service_run_count SET num_runs = num_runs - 1
  WHERE namespace = OLD.namespace AND experiment_id = OLD.experiment_id AND storage_state = OLD.storage_state
    AND state = OLD.state;
CREATE TRIGGER IF NOT EXISTS penstock_service_run_left AFTER UPDATE ON penstock_service_run FOR EACH ROW
  UPDATE penstock_service_run_count SET num_runs = num_runs - 1
  WHERE namespace = OLD.namespace AND experiment_id = OLD.experiment_id AND storage_state = OLD.storage_state
    AND state = OLD.state;
CREATE TRIGGER IF NOT EXISTS penstock_service_run_entered AFTER UPDATE ON penstock_service_run FOR EACH ROW
  INSERT INTO penstock_service_run_count(namespace, experiment_id, storage_state, state, num_runs)
  VALUES (NEW.namespace, NEW.experiment_id, NEW.storage_state, NEW.state, 1)
  ON DUPLICATE KEY UPDATE num_runs = num_runs + 1;

CREATE TABLE IF NOT EXISTS penstock_recurring_run (
  id BIGINT PRIMARY KEY AUTO_INCREMENT,
  recurring_run_id VARCHAR(255) NOT NULL UNIQUE,
  namespace VARCHAR(255) NOT NULL,
  experiment_id VARCHAR(255) NOT NULL,
  pipeline_id VARCHAR(255) NOT NULL,
  version_id VARCHAR(255) NOT NULL,
  display_name VARCHAR(255) NOT NULL,
  description LONGTEXT NOT NULL,
  service_account VARCHAR(255) NOT NULL,
  runtime_config LONGTEXT NOT NULL,
  plugins_input LONGTEXT NOT NULL,
  spec_id BIGINT,
  cron VARCHAR(255) NOT NULL,
  interval_seconds BIGINT NOT NULL,
  start_seconds BIGINT,
  end_seconds BIGINT,
  max_concurrency BIGINT NOT NULL,
  no_catchup BIGINT NOT NULL,
  is_enabled BIGINT NOT NULL,
  created_seconds BIGINT NOT NULL,
  updated_seconds BIGINT NOT NULL,
  last_scheduled_seconds BIGINT,
  num_started BIGINT NOT NULL
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX penstock_recurring_run_created ON penstock_recurring_run(created_seconds, id);
