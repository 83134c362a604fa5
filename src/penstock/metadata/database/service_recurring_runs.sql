-- name: insert_recurring_run
INSERT INTO penstock_recurring_run(recurring_run_id, namespace, experiment_id, pipeline_id, version_id, display_name,
  description, service_account, runtime_config, plugins_input, spec_id, cron, interval_seconds, start_seconds,
  end_seconds, max_concurrency, no_catchup, is_enabled, created_seconds, updated_seconds, last_scheduled_seconds,
  num_started)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22);

-- Behind "SELECT <sort column>,".
-- name: columns_of_recurring_runs
T.id, T.recurring_run_id, T.namespace, T.experiment_id, T.pipeline_id, T.version_id, T.display_name,
       T.description, T.service_account, T.runtime_config, T.plugins_input, T.cron, T.interval_seconds,
       T.start_seconds, T.end_seconds, T.max_concurrency, T.no_catchup, T.is_enabled, T.created_seconds,
       T.updated_seconds, T.last_scheduled_seconds, T.num_started, S.text
FROM penstock_recurring_run T LEFT JOIN penstock_spec S ON S.id = T.spec_id WHERE TRUE

-- The same without the pipelines' texts: what is asked twice a second.
-- name: columns_of_due_recurring_runs
T.id, T.recurring_run_id, T.namespace, T.experiment_id, T.pipeline_id, T.version_id, T.display_name,
       T.description, T.service_account, T.runtime_config, T.plugins_input, T.cron, T.interval_seconds,
       T.start_seconds, T.end_seconds, T.max_concurrency, T.no_catchup, T.is_enabled, T.created_seconds,
       T.updated_seconds, T.last_scheduled_seconds, T.num_started, ''
FROM penstock_recurring_run T WHERE TRUE

-- name: count_recurring_runs
SELECT COUNT(*) FROM penstock_recurring_run T WHERE TRUE

-- name: and_recurring_run_id
AND T.recurring_run_id = ?

-- name: and_enabled
AND T.is_enabled = '1' ORDER BY T.id

-- name: update_recurring_run_enabled
UPDATE penstock_recurring_run SET is_enabled = ?2, updated_seconds = ?3 WHERE recurring_run_id = ?1;

-- name: delete_recurring_run
DELETE FROM penstock_recurring_run WHERE recurring_run_id = ?1;

-- name: count_active_runs
SELECT COUNT(*) FROM penstock_service_run
WHERE recurring_run_id = ?1 AND recurring_run_id <> ''
  AND state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELED', 'SKIPPED');

-- name: advance_recurring_run
UPDATE penstock_recurring_run SET last_scheduled_seconds = ?2, num_started = num_started + ?3
WHERE recurring_run_id = ?1 AND COALESCE(last_scheduled_seconds, -9223372036854775807) = COALESCE(?4, -9223372036854775807) AND is_enabled = '1';
