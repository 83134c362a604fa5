-- name: select_spec
SELECT id FROM penstock_spec WHERE text_digest = ?1;

-- name: insert_spec
INSERT INTO penstock_spec(text_digest, text) VALUES (?1, ?2);

-- name: insert_run
INSERT INTO penstock_run(run_id, pipeline_name, state, created_micros, updated_micros, root, spec_digest, spec_id,
                         parameters)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);

-- name: select_run
SELECT id FROM penstock_run WHERE run_id = ?1;

-- U+10FFFF sorts after every other character, in UTF-8's bytes as well.
-- name: select_runs_by_prefix
SELECT id, run_id FROM penstock_run WHERE run_id >= ?1 AND run_id < ?1 || char(1114111) ORDER BY run_id LIMIT 4;

-- name: select_run_record
SELECT R.run_id, R.pipeline_name, R.state, R.created_micros, R.updated_micros, R.root, R.spec_digest, R.parameters,
       S.text
FROM penstock_run R JOIN penstock_spec S ON S.id = R.spec_id WHERE R.id = ?1;

-- name: update_run_state
UPDATE penstock_run SET state = ?2, updated_micros = ?3 WHERE id = ?1;

-- FindRuns puts its statement together out of the following.
-- name: find_runs
SELECT R.run_id, R.pipeline_name, R.state, R.created_micros, R.updated_micros, R.root, R.spec_digest
FROM penstock_run R WHERE TRUE

-- name: and_run_pipeline
AND R.pipeline_name = ?

-- name: and_run_state
AND R.state = ?

-- name: newest_runs_first
ORDER BY R.created_micros DESC, R.id DESC LIMIT ?;

-- name: select_num_events
SELECT COALESCE(MAX(sequence) + 1, 0) FROM penstock_run_event WHERE run = ?1;

-- name: insert_run_event
INSERT INTO penstock_run_event(run, sequence, event) VALUES (?1, ?2, ?3);

-- name: select_run_event
SELECT event FROM penstock_run_event WHERE run = ?1 AND sequence = ?2;

-- name: select_run_events
SELECT sequence, event FROM penstock_run_event WHERE run = ?1 ORDER BY sequence;
