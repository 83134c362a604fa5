-- States: 1 NEW, 2 RUNNING, 3 COMPLETE, 4 FAILED, 5 CACHED, 6 CANCELED.

-- name: select_execution_by_attempt
SELECT P.execution_id, E.last_known_state FROM penstock_execution P JOIN Execution E ON E.id = P.execution_id
WHERE P.run_id = ?1 AND P.node_id = ?2 AND P.attempt = ?3;

-- name: insert_execution
INSERT INTO Execution(type_id, last_known_state, name, create_time_since_epoch, last_update_time_since_epoch)
VALUES (?1, ?2, ?3, ?4, ?4);

-- name: insert_penstock_execution
INSERT INTO penstock_execution(execution_id, run_id, pipeline_name, node_id, attempt, cache_key, cached_execution_id,
                               parameters, output_parameters)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);

-- name: insert_execution_property
INSERT OR REPLACE INTO ExecutionProperty(execution_id, name, is_custom_property, int_value, double_value, string_value,
                                         bool_value)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- name: update_execution_state
UPDATE Execution SET last_known_state = ?2, last_update_time_since_epoch = ?3 WHERE id = ?1;

-- name: update_penstock_execution
UPDATE penstock_execution SET output_parameters = ?2, error_code = ?3, error_message = ?4, log_path = ?5,
  wall_seconds = ?6, cpu_seconds = ?7, peak_memory_bytes = ?8
WHERE execution_id = ?1;

-- name: select_execution
SELECT E.id, P.run_id, P.pipeline_name, P.node_id, T.name, P.attempt, E.last_known_state, P.cache_key,
       P.cached_execution_id, P.parameters, P.output_parameters, P.error_code, P.error_message, P.log_path,
       P.wall_seconds, P.cpu_seconds, P.peak_memory_bytes, E.create_time_since_epoch, E.last_update_time_since_epoch
FROM Execution E JOIN Type T ON T.id = E.type_id LEFT JOIN penstock_execution P ON P.execution_id = E.id
WHERE E.id = ?1;

-- name: select_executions_of_run
SELECT execution_id FROM penstock_execution WHERE run_id = ?1 ORDER BY execution_id;

-- name: select_cached
SELECT P.execution_id FROM penstock_execution P JOIN Execution E ON E.id = P.execution_id
WHERE P.cache_key = ?1 AND E.last_known_state = 3
  AND NOT EXISTS (SELECT 1 FROM Event O JOIN Artifact A ON A.id = O.artifact_id
                  WHERE O.execution_id = P.execution_id AND O.type = 4 AND (A.state IS NULL OR A.state <> 2))
ORDER BY P.execution_id DESC LIMIT 1;
