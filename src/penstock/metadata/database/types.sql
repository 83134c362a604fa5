-- type_kind: 0 execution, 1 artifact, 2 context.

-- name: select_type
SELECT id FROM Type WHERE name = ?1 AND type_kind = ?2 AND version IS NULL;

-- name: insert_type
INSERT INTO Type(name, type_kind) VALUES (?1, ?2);

-- name: insert_type_property
INSERT INTO TypeProperty(type_id, name, data_type) VALUES (?1, ?2, ?3);

-- name: insert_parent_type
INSERT INTO ParentType(type_id, parent_type_id) VALUES (?1, ?2);

-- name: select_type_property
SELECT data_type FROM TypeProperty WHERE type_id = ?1 AND name = ?2;
