-- name: select_context
SELECT id FROM Context WHERE type_id = ?1 AND name = ?2;

-- name: select_context_by_names
SELECT Context.id FROM Type JOIN Context ON Context.type_id = Type.id AND Context.name = ?2
WHERE Type.name = ?1 AND Type.type_kind = 2 AND Type.version IS NULL;

-- name: insert_context
INSERT INTO Context(type_id, name, create_time_since_epoch, last_update_time_since_epoch)
VALUES (?1, ?2, ?3, ?3);

-- name: insert_parent_context
INSERT OR IGNORE INTO ParentContext(context_id, parent_context_id) VALUES (?1, ?2);

-- name: insert_association
INSERT OR IGNORE INTO Association(context_id, execution_id) VALUES (?1, ?2);

-- name: insert_attribution
INSERT OR IGNORE INTO Attribution(context_id, artifact_id) VALUES (?1, ?2);
