-- name: insert_experiment
INSERT INTO penstock_experiment(experiment_id, namespace, name, description, created_seconds,
                                last_run_created_seconds, storage_state)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- Behind "SELECT <sort column>,".
-- name: columns_of_experiments
T.id, T.experiment_id, T.namespace, T.name, T.description, T.created_seconds, T.last_run_created_seconds,
       T.storage_state
FROM penstock_experiment T WHERE TRUE

-- name: count_experiments
SELECT COUNT(*) FROM penstock_experiment T WHERE TRUE

-- name: and_experiment_id
AND T.experiment_id = ?

-- name: and_namespace_and_name
AND T.namespace = ? AND T.name = ?

-- name: delete_experiment
DELETE FROM penstock_experiment WHERE experiment_id = ?1;

-- name: update_experiment_storage
UPDATE penstock_experiment SET storage_state = ?2 WHERE experiment_id = ?1;

-- name: archive_runs_of_experiment
UPDATE penstock_service_run SET storage_state = 'ARCHIVED' WHERE experiment_id = ?1 AND storage_state <> 'ARCHIVED';

-- name: disable_recurring_runs_of_experiment
UPDATE penstock_recurring_run SET is_enabled = '0' WHERE experiment_id = ?1;

-- name: update_last_run
UPDATE penstock_experiment SET last_run_created_seconds = ?2
WHERE experiment_id = ?1 AND last_run_created_seconds < ?2;
