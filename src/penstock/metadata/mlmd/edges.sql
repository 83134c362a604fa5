-- name: insert_event
INSERT INTO `Event`(artifact_id, execution_id, type, milliseconds_since_epoch) VALUES (?1, ?2, ?3, ?4);

-- name: insert_event_step
INSERT INTO `EventPath`(event_id, is_index_step, step_index, step_key) VALUES (?1, ?2, ?3, ?4);

-- The orders are those in which ML Metadata's own indices answer.
-- name: select_events_by_artifact
SELECT id, artifact_id, execution_id, type, milliseconds_since_epoch FROM `Event`
WHERE artifact_id = ?1 ORDER BY execution_id, type;

-- name: select_events_by_execution
SELECT id, artifact_id, execution_id, type, milliseconds_since_epoch FROM `Event`
WHERE execution_id = ?1 ORDER BY id;

-- name: select_event_steps
SELECT is_index_step, step_index, step_key FROM `EventPath` WHERE event_id = ?1 ORDER BY rowid;

-- name: insert_association
INSERT OR IGNORE INTO `Association`(context_id, execution_id) VALUES (?1, ?2);

-- name: insert_attribution
INSERT OR IGNORE INTO `Attribution`(context_id, artifact_id) VALUES (?1, ?2);

-- name: select_context_ids_by_artifact
SELECT context_id FROM `Attribution` WHERE artifact_id = ?1 ORDER BY context_id;

-- name: select_context_ids_by_execution
SELECT context_id FROM `Association` WHERE execution_id = ?1 ORDER BY context_id;

-- name: select_artifact_ids_by_context
SELECT artifact_id FROM `Attribution` WHERE context_id = ?1 ORDER BY artifact_id;

-- name: select_execution_ids_by_context
SELECT execution_id FROM `Association` WHERE context_id = ?1 ORDER BY execution_id;

-- name: insert_parent_context
INSERT INTO `ParentContext`(context_id, parent_context_id) VALUES (?1, ?2);

-- name: select_parent_context_ids
SELECT parent_context_id FROM `ParentContext` WHERE context_id = ?1 ORDER BY parent_context_id;

-- name: select_child_context_ids
SELECT context_id FROM `ParentContext` WHERE parent_context_id = ?1 ORDER BY context_id;

-- ML Metadata has no index for these two ways, and then reads whole tables.
-- name: create_edge_indices
CREATE INDEX IF NOT EXISTS penstock_association_execution ON `Association`(execution_id);
CREATE INDEX IF NOT EXISTS penstock_attribution_artifact ON `Attribution`(artifact_id);

-- One request's work inside a transaction that several share.
-- name: begin_request
SAVEPOINT request;

-- name: keep_request
RELEASE request;

-- name: undo_request
ROLLBACK TO request;
