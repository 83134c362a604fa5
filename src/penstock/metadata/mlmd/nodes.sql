-- Nodes: artifacts, executions and contexts with their properties, in ML Metadata's tables. The columns of
-- select_X and of the properties are read by position (nodes.cc).

-- name: insert_artifact
INSERT INTO `Artifact`(`type_id`, `uri`, `state`, `name`, `external_id`,
  `create_time_since_epoch`, `last_update_time_since_epoch`) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6);

-- name: select_artifact
SELECT N.id, N.type_id, N.name, N.external_id, N.create_time_since_epoch, N.last_update_time_since_epoch,
       T.name, N.state, N.uri
FROM `Artifact` AS N LEFT JOIN `Type` AS T ON T.id = N.type_id WHERE N.id = ?1;

-- name: select_artifact_exists
SELECT 1 FROM `Artifact` WHERE id = ?1;

-- name: update_artifact
UPDATE `Artifact` SET `type_id` = ?2, `uri` = ?3, `state` = ?4, `external_id` = ?5, `last_update_time_since_epoch` = ?6 WHERE id = ?1;

-- name: select_artifact_properties
SELECT name, is_custom_property, int_value, double_value, string_value, proto_value, bool_value
FROM `ArtifactProperty` WHERE `artifact_id` = ?1;

-- name: put_artifact_property
INSERT OR REPLACE INTO `ArtifactProperty`(`artifact_id`, name, is_custom_property, int_value, double_value, string_value,
                                     proto_value, bool_value) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- name: delete_artifact_property
DELETE FROM `ArtifactProperty` WHERE `artifact_id` = ?1 AND name = ?2 AND is_custom_property = ?3;

-- name: select_all_artifact_ids
SELECT id FROM `Artifact` ORDER BY id;

-- name: select_artifact_ids_by_type
SELECT id FROM `Artifact` WHERE type_id = ?1 ORDER BY id;

-- name: select_artifact_id_by_name
SELECT id FROM `Artifact` WHERE type_id = ?1 AND name = ?2;

-- name: select_artifact_id_by_external_id
SELECT id FROM `Artifact` WHERE external_id = ?1;

-- name: insert_execution
INSERT INTO `Execution`(`type_id`, `last_known_state`, `name`, `external_id`,
  `create_time_since_epoch`, `last_update_time_since_epoch`) VALUES (?1, ?2, ?3, ?4, ?5, ?5);

-- name: select_execution
SELECT N.id, N.type_id, N.name, N.external_id, N.create_time_since_epoch, N.last_update_time_since_epoch,
       T.name, N.last_known_state, NULL
FROM `Execution` AS N LEFT JOIN `Type` AS T ON T.id = N.type_id WHERE N.id = ?1;

-- name: select_execution_exists
SELECT 1 FROM `Execution` WHERE id = ?1;

-- name: update_execution
UPDATE `Execution` SET `type_id` = ?2, `last_known_state` = ?3, `external_id` = ?4, `last_update_time_since_epoch` = ?5 WHERE id = ?1;

-- name: select_execution_properties
SELECT name, is_custom_property, int_value, double_value, string_value, proto_value, bool_value
FROM `ExecutionProperty` WHERE `execution_id` = ?1;

-- name: put_execution_property
INSERT OR REPLACE INTO `ExecutionProperty`(`execution_id`, name, is_custom_property, int_value, double_value, string_value,
                                     proto_value, bool_value) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- name: delete_execution_property
DELETE FROM `ExecutionProperty` WHERE `execution_id` = ?1 AND name = ?2 AND is_custom_property = ?3;

-- name: select_all_execution_ids
SELECT id FROM `Execution` ORDER BY id;

-- name: select_execution_ids_by_type
SELECT id FROM `Execution` WHERE type_id = ?1 ORDER BY id;

-- name: select_execution_id_by_name
SELECT id FROM `Execution` WHERE type_id = ?1 AND name = ?2;

-- name: select_execution_id_by_external_id
SELECT id FROM `Execution` WHERE external_id = ?1;

-- name: insert_context
INSERT INTO `Context`(`type_id`, `name`, `external_id`,
  `create_time_since_epoch`, `last_update_time_since_epoch`) VALUES (?1, ?2, ?3, ?4, ?4);

-- name: select_context
SELECT N.id, N.type_id, N.name, N.external_id, N.create_time_since_epoch, N.last_update_time_since_epoch,
       T.name, NULL, NULL
FROM `Context` AS N LEFT JOIN `Type` AS T ON T.id = N.type_id WHERE N.id = ?1;

-- name: select_context_exists
SELECT 1 FROM `Context` WHERE id = ?1;

-- name: update_context
UPDATE `Context` SET `type_id` = ?2, `name` = ?3, `external_id` = ?4, `last_update_time_since_epoch` = ?5 WHERE id = ?1;

-- name: select_context_properties
SELECT name, is_custom_property, int_value, double_value, string_value, proto_value, bool_value
FROM `ContextProperty` WHERE `context_id` = ?1;

-- name: put_context_property
INSERT OR REPLACE INTO `ContextProperty`(`context_id`, name, is_custom_property, int_value, double_value, string_value,
                                     proto_value, bool_value) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- name: delete_context_property
DELETE FROM `ContextProperty` WHERE `context_id` = ?1 AND name = ?2 AND is_custom_property = ?3;

-- name: select_all_context_ids
SELECT id FROM `Context` ORDER BY id;

-- name: select_context_ids_by_type
SELECT id FROM `Context` WHERE type_id = ?1 ORDER BY id;

-- name: select_context_id_by_name
SELECT id FROM `Context` WHERE type_id = ?1 AND name = ?2;

-- name: select_context_id_by_external_id
SELECT id FROM `Context` WHERE external_id = ?1;

-- name: select_artifact_ids_by_uri
SELECT id FROM `Artifact` WHERE uri = ?1 ORDER BY id;
