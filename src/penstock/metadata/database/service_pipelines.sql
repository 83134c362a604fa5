-- name: insert_pipeline
INSERT INTO penstock_pipeline(pipeline_id, namespace, name, display_name, description, tags, created_seconds)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- Behind "SELECT <sort column>,".
-- name: columns_of_pipelines
T.id, T.pipeline_id, T.namespace, T.name, T.display_name, T.description, T.tags, T.created_seconds
FROM penstock_pipeline T WHERE TRUE

-- name: count_pipelines
SELECT COUNT(*) FROM penstock_pipeline T WHERE TRUE

-- name: and_pipeline_id
AND T.pipeline_id = ?

-- name: update_pipeline
UPDATE penstock_pipeline SET display_name = ?2, description = ?3, tags = ?4 WHERE pipeline_id = ?1;

-- name: delete_pipeline
DELETE FROM penstock_pipeline WHERE pipeline_id = ?1;

-- name: delete_versions_of_pipeline
DELETE FROM penstock_pipeline_version WHERE pipeline_id = ?1;

-- name: insert_pipeline_version
INSERT INTO penstock_pipeline_version(version_id, pipeline_id, name, display_name, description, package_url,
                                      code_source_url, tags, spec_id, created_seconds)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10);

-- Behind "SELECT <sort column>,".
-- name: columns_of_pipeline_versions
T.id, T.version_id, T.pipeline_id, T.name, T.display_name, T.description, T.package_url, T.code_source_url,
       T.tags, T.created_seconds, S.text
FROM penstock_pipeline_version T JOIN penstock_spec S ON S.id = T.spec_id WHERE TRUE

-- name: count_pipeline_versions
SELECT COUNT(*) FROM penstock_pipeline_version T WHERE TRUE

-- name: and_version_id
AND T.version_id = ?

-- name: newest_version_first
ORDER BY T.created_seconds DESC, T.id DESC LIMIT 1

-- name: update_pipeline_version
UPDATE penstock_pipeline_version SET display_name = ?2, description = ?3, tags = ?4 WHERE version_id = ?1;

-- name: delete_pipeline_version
DELETE FROM penstock_pipeline_version WHERE version_id = ?1;
