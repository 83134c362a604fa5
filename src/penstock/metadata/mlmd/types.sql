-- type_kind: 0 execution, 1 artifact, 2 context. All type queries answer the same columns, read by
-- position (types.cc).

-- name: select_type_by_id
SELECT id, name, version, description, external_id, input_type, output_type FROM `Type`
WHERE id = ?1 AND type_kind = ?2;

-- name: select_type_by_name
SELECT id, name, version, description, external_id, input_type, output_type FROM `Type`
WHERE name = ?1 AND version IS NULL AND type_kind = ?2;

-- name: select_type_by_name_and_version
SELECT id, name, version, description, external_id, input_type, output_type FROM `Type`
WHERE name = ?1 AND version = ?3 AND type_kind = ?2;

-- name: select_type_by_external_id
SELECT id, name, version, description, external_id, input_type, output_type FROM `Type`
WHERE external_id = ?1 AND type_kind = ?2;

-- name: select_all_types
SELECT id, name, version, description, external_id, input_type, output_type FROM `Type`
WHERE type_kind = ?1 ORDER BY id;

-- name: select_type_properties
SELECT name, data_type FROM `TypeProperty` WHERE type_id = ?1;

-- name: insert_versioned_type
INSERT INTO `Type`(name, type_kind, version, description, input_type, output_type, external_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- name: insert_type_property
INSERT INTO `TypeProperty`(type_id, name, data_type) VALUES (?1, ?2, ?3);

-- name: update_type_external_id
UPDATE `Type` SET external_id = ?2 WHERE id = ?1;

-- name: select_parent_type
SELECT T.id, T.name FROM `ParentType` P JOIN `Type` T ON T.id = P.parent_type_id WHERE P.type_id = ?1;

-- name: insert_parent_type
INSERT INTO `ParentType`(type_id, parent_type_id) VALUES (?1, ?2);

-- Of a file that ML Metadata made before it had them; the same as in a new file.
-- name: insert_missing_simple_types
INSERT INTO `Type`(`name`, `type_kind`)
SELECT S.simple, S.kind FROM (
  SELECT 'mlmd.Dataset' AS simple, 1 AS kind UNION ALL SELECT 'mlmd.Model', 1 UNION ALL SELECT 'mlmd.Metrics', 1
  UNION ALL SELECT 'mlmd.Statistics', 1 UNION ALL SELECT 'mlmd.Train', 0 UNION ALL SELECT 'mlmd.Transform', 0
  UNION ALL SELECT 'mlmd.Process', 0 UNION ALL SELECT 'mlmd.Evaluate', 0 UNION ALL SELECT 'mlmd.Deploy', 0) AS S
WHERE NOT EXISTS (SELECT 1 FROM `Type` AS T WHERE T.name = S.simple AND T.type_kind = S.kind AND T.version IS NULL);
