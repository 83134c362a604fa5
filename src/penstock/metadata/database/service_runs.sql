-- name: insert_service_run
INSERT INTO penstock_service_run(run_id, namespace, experiment_id, recurring_run_id, pipeline_id, version_id,
  display_name, description, service_account, storage_state, state, runtime_config, plugins_input, state_history,
  error, spec_id, created_seconds, scheduled_seconds, finished_seconds)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19);

-- Behind "SELECT <sort column>,".
-- name: columns_of_service_runs
T.id, T.run_id, T.namespace, T.experiment_id, T.recurring_run_id, T.pipeline_id, T.version_id, T.display_name,
       T.description, T.service_account, T.storage_state, T.state, T.runtime_config, T.plugins_input, T.state_history,
       T.error, T.created_seconds, T.scheduled_seconds, T.finished_seconds, S.text
FROM penstock_service_run T JOIN penstock_spec S ON S.id = T.spec_id WHERE TRUE

-- name: count_service_runs
SELECT COUNT(*) FROM penstock_service_run T WHERE TRUE

-- name: sum_service_runs
SELECT COALESCE(SUM(T.num_runs), 0) FROM penstock_service_run_count T WHERE TRUE

-- name: and_run_id
AND T.run_id = ?

-- name: select_service_run_state
SELECT state, state_history FROM penstock_service_run WHERE run_id = ?1;

-- name: update_service_run_state
UPDATE penstock_service_run SET state = ?2, state_history = ?3, error = ?4, finished_seconds = ?5 WHERE run_id = ?1;

-- name: update_service_run_storage
UPDATE penstock_service_run SET storage_state = ?2 WHERE run_id = ?1;

-- name: delete_service_run
DELETE FROM penstock_service_run WHERE run_id = ?1;

-- name: select_unfinished_service_runs
SELECT run_id FROM penstock_service_run
WHERE state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELED', 'SKIPPED') ORDER BY id;
