-- States: 1 PENDING, 2 LIVE, 4 DELETED, 5 ABANDONED.

-- name: insert_artifact
INSERT INTO Artifact(type_id, uri, state, name, create_time_since_epoch, last_update_time_since_epoch)
VALUES (?1, ?2, ?3, ?4, ?5, ?5);

-- name: insert_artifact_property
INSERT INTO ArtifactProperty(artifact_id, name, is_custom_property, int_value, double_value, string_value, bool_value)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- name: select_artifact_exists
SELECT id FROM Artifact WHERE id = ?1;

-- name: select_artifact
SELECT A.id, T.name, A.uri, A.state, A.name FROM Artifact A JOIN Type T ON T.id = A.type_id WHERE A.id = ?1;

-- name: select_artifact_properties
SELECT name, int_value, double_value, string_value, bool_value FROM ArtifactProperty
WHERE artifact_id = ?1 ORDER BY name, is_custom_property DESC;

-- name: update_artifact_state
UPDATE Artifact SET state = ?2, last_update_time_since_epoch = ?3 WHERE id = ?1;

-- FindArtifacts puts its statement together out of the following: the head, one condition
-- per thing asked for, the tail. Values are bound, never spliced.
-- name: find_artifacts
SELECT A.id, T.name, A.uri, A.state, A.name FROM Artifact A JOIN Type T ON T.id = A.type_id WHERE TRUE

-- name: and_artifact_type
AND A.type_id = (SELECT id FROM Type WHERE name = ? AND type_kind = 1 AND version IS NULL)

-- name: and_artifact_in_context
AND A.id IN (SELECT artifact_id FROM Attribution WHERE context_id = ?)

-- name: and_artifact_state
AND A.state = ?

-- name: and_artifact_uri
AND A.uri = ?

-- name: and_artifact_below
AND A.id < ?

-- A whole number may have been stored as a double: JSON of other programs says 1.0.
-- name: and_artifact_int_property
AND A.id IN (SELECT artifact_id FROM ArtifactProperty
             WHERE name = ? AND is_custom_property IN ('0', '1') AND int_value = ?
             UNION ALL SELECT artifact_id FROM ArtifactProperty
             WHERE name = ? AND is_custom_property IN ('0', '1') AND double_value = ?)

-- name: and_artifact_double_property
AND A.id IN (SELECT artifact_id FROM ArtifactProperty
             WHERE name = ? AND is_custom_property IN ('0', '1') AND double_value = ?)

-- name: and_artifact_string_property
AND A.id IN (SELECT artifact_id FROM ArtifactProperty
             WHERE name = ? AND is_custom_property IN ('0', '1') AND string_value = ?)

-- name: and_artifact_bool_property
AND EXISTS (SELECT 1 FROM ArtifactProperty
            WHERE artifact_id = A.id AND name = ? AND bool_value = ?)

-- name: newest_artifacts_first
ORDER BY A.id DESC LIMIT ?;

-- The blessed model: from the blessings by the property's index, to the execution that made
-- each, to its input "model". The first output event is the maker's, later ones the cache's.
-- name: select_latest_blessed_model
SELECT M.id FROM ArtifactProperty P
JOIN Artifact B ON B.id = P.artifact_id AND B.state = 2
JOIN Type T ON T.id = B.type_id AND T.name = ?1 AND T.type_kind = 1
JOIN Attribution C ON C.context_id = ?2 AND C.artifact_id = B.id
JOIN Event O ON O.artifact_id = B.id AND O.type = 4
JOIN Event I ON I.execution_id = O.execution_id AND I.type = 3
JOIN EventPath K ON K.event_id = I.id AND K.is_index_step = '0' AND K.step_key = 'model'
JOIN Artifact M ON M.id = I.artifact_id AND M.state = 2
WHERE P.name = 'blessed' AND P.is_custom_property IN ('0', '1') AND P.int_value = 1
  AND O.id = (SELECT MIN(id) FROM Event WHERE artifact_id = B.id AND type = 4)
  AND M.id < COALESCE(?3, 9223372036854775807)
ORDER BY B.id DESC LIMIT 1;
