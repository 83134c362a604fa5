-- type: 3 INPUT, 4 OUTPUT. An event's path is name and index; of an artifact that comes
-- under several names the pairs follow each other, as TFX writes them.

-- name: insert_event
INSERT INTO Event(artifact_id, execution_id, type, milliseconds_since_epoch) VALUES (?1, ?2, ?3, ?4);

-- name: insert_event_path
INSERT INTO EventPath(event_id, is_index_step, step_index, step_key) VALUES (?1, '0', NULL, ?2), (?1, '1', ?3, NULL);

-- name: select_event_steps
SELECT E.id, E.artifact_id, K.is_index_step, K.step_index, K.step_key
FROM Event E JOIN EventPath K ON K.event_id = E.id
WHERE E.execution_id = ?1 AND E.type = ?2 ORDER BY E.id, K.rowid;

-- name: select_producer
SELECT execution_id FROM Event WHERE artifact_id = ?1 AND type = 4 ORDER BY id LIMIT 1;

-- A cached execution read nothing and made nothing: lineage goes past it.
-- name: select_consumers
SELECT V.execution_id FROM Event V JOIN Execution E ON E.id = V.execution_id AND (E.last_known_state IS NULL OR E.last_known_state <> 5)
WHERE V.artifact_id = ?1 AND V.type = 3 ORDER BY V.execution_id;

-- name: select_inputs
SELECT artifact_id FROM Event WHERE execution_id = ?1 AND type = 3 ORDER BY artifact_id;

-- name: select_products
SELECT O.artifact_id FROM Event O WHERE O.execution_id = ?1 AND O.type = 4
  AND O.id = (SELECT MIN(id) FROM Event WHERE artifact_id = O.artifact_id AND type = 4)
ORDER BY O.artifact_id;
