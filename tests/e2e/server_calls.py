"""Drives `penstock server` without the kfp client: what the client has no calls for, other programs' pipelines,
its API explored at random, the notebook executed as a notebook.

    python server_calls.py PENSTOCK_PROGRAM FOLDER REPOSITORY [UNITTEST_ARGUMENT ...]
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

PROGRAM, FOLDER, REPOSITORY = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
CLIENTS = REPOSITORY / '.deps/service_clients'  # Of tools/setup_service_clients.sh.
KFP_PYTHON = REPOSITORY / '.deps/kfp_client/bin/python'

# Work that tells when it has begun and then waits, in an exit handler's group; the exit task says how it ended.
EXIT_HANDLER = '''
pipelineInfo: {name: exit-handler}
schemaVersion: 2.1.0
sdkVersion: kfp-2.17.0
deploymentSpec:
  executors:
    work: {container: {image: x, command: [sh, -c, 'touch BEGUN; sleep 600']}}
    clean: {container: {image: x, command: [sh, -c, 'echo "$0"; if [ -e HANG ]; then touch CLEANING; sleep 600; fi',
                                            "{{$.inputs.parameters['status']}}"]}}
components:
  comp-work: {executorLabel: work}
  comp-clean: {executorLabel: clean, inputDefinitions: {parameters: {status: {parameterType: TASK_FINAL_STATUS, isOptional: true}}}}
  comp-exit-handler-1: {dag: {tasks: {work: {componentRef: {name: comp-work}, taskInfo: {name: work}}}}}
root:
  dag:
    tasks:
      exit-handler-1: {componentRef: {name: comp-exit-handler-1}, taskInfo: {name: exit-handler-1}}
      clean:
        componentRef: {name: comp-clean}
        taskInfo: {name: clean}
        dependentTasks: [exit-handler-1]
        inputs: {parameters: {status: {taskFinalStatus: {producerTask: exit-handler-1}}}}
        triggerPolicy: {strategy: ALL_UPSTREAM_TASKS_COMPLETED}
'''

WRITE_AND_READ = '''
pipelineInfo: {name: write-and-read}
schemaVersion: 2.1.0
sdkVersion: kfp-2.17.0
deploymentSpec:
  executors:
    write: {container: {image: x, command: [sh, -c, 'echo hello > "$0"', "{{$.outputs.artifacts['text'].path}}"]}}
    read: {container: {image: x, command: [cat, "{{$.inputs.artifacts['text'].path}}"]}}
components:
  write: {executorLabel: write, outputDefinitions: {artifacts: {text: {artifactType: {schemaTitle: system.Dataset, schemaVersion: 0.0.1}}}}}
  read: {executorLabel: read, inputDefinitions: {artifacts: {text: {artifactType: {schemaTitle: system.Dataset, schemaVersion: 0.0.1}}}}}
root:
  dag:
    tasks:
      write: {componentRef: {name: write}, taskInfo: {name: write}}
      read:
        componentRef: {name: read}
        taskInfo: {name: read}
        inputs: {artifacts: {text: {taskOutputArtifact: {producerTask: write, outputArtifactKey: text}}}}
'''


class ServerTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        path = os.pathsep.join([str(KFP_PYTHON.parent), os.environ['PATH']]) if KFP_PYTHON.exists() else os.environ['PATH']
        cls.server = subprocess.Popen([PROGRAM, 'server', '--port', '0', '--grpc-port', '0', '--root', FOLDER / 'root'],
                                      stdout=subprocess.PIPE, text=True, env=dict(os.environ, PATH=path))
        cls.url = json.loads(cls.server.stdout.readline())['rest']

    @classmethod
    def tearDownClass(cls):
        cls.server.send_signal(signal.SIGTERM)
        assert cls.server.wait(timeout=30) == 0, 'the server did not end with 0'
        cls.server.stdout.close()

    def call(self, method, path, body=None, content_type='application/json'):
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {'Content-Type': content_type}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read().decode()
        return json.loads(text) if answer.headers.get_content_type() == 'application/json' else text

    def refused(self, *arguments):
        with self.assertRaises(urllib.error.HTTPError) as raised:
            self.call(*arguments)
        message = json.loads(raised.exception.read())['message']
        raised.exception.close()
        return raised.exception.code, message

    def upload(self, text, name):
        boundary = 'a-boundary'
        body = (f'--{boundary}\r\nContent-Disposition: form-data; name="uploadfile"; filename="{name}.yaml"\r\n'
                f'Content-Type: application/yaml\r\n\r\n{text}\r\n--{boundary}--\r\n').encode()
        return self.call('POST', f'/apis/v2beta1/pipelines/upload?name={name}', body,
                         f'multipart/form-data; boundary={boundary}')['pipeline_id']

    def submit(self, pipeline_id, **parameters):
        return self.call('POST', '/apis/v2beta1/runs', {
            'display_name': 'a run', 'pipeline_version_reference': {'pipeline_id': pipeline_id},
            'runtime_config': {'parameters': parameters}})['run_id']

    def get(self, run_id):
        return self.call('GET', f'/apis/v2beta1/runs/{run_id}')

    def await_that(self, holds, what):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if holds():
                return
            time.sleep(0.05)
        self.fail(f'not within 120 s: {what}')

    def await_end(self, run_id):
        self.await_that(lambda: self.get(run_id)['state'] in ('SUCCEEDED', 'FAILED', 'CANCELED'), f'the end of {run_id}')
        return self.get(run_id)

    def states(self, run):
        return {task['penstock']['path']: task['state'] for task in run['run_details']['task_details']}

    def log(self, run_id, node):
        return self.call('GET', f'/apis/v2beta1/runs/{run_id}/nodes/{node}/log')

    def start_exit_handler(self, hang):
        folder = FOLDER / f'exit-{time.monotonic_ns()}'
        folder.mkdir()
        if hang:
            (folder / 'hang').touch()
        text = EXIT_HANDLER
        for word in ('BEGUN', 'HANG', 'CLEANING'):
            text = text.replace(word, str(folder / word.lower()))
        run_id = self.submit(self.upload(text, folder.name))
        self.await_that((folder / 'begun').exists, 'the work')
        return folder, run_id

    def test_exit_task_runs_after_a_termination(self):
        _, run_id = self.start_exit_handler(hang=False)
        self.call('POST', f'/apis/v2beta1/runs/{run_id}:terminate')
        run = self.await_end(run_id)
        self.assertEqual(run['state'], 'CANCELED')
        self.assertEqual(self.states(run)['clean'], 'SUCCEEDED')
        self.assertEqual(self.states(run)['exit-handler-1/work'], 'CANCELED')
        self.assertIn('CANCELLED', self.log(run_id, 'clean'))

    def test_second_termination_ends_the_exit_task_too(self):
        folder, run_id = self.start_exit_handler(hang=True)
        self.call('POST', f'/apis/v2beta1/runs/{run_id}:terminate')
        self.await_that((folder / 'cleaning').exists, 'the exit task')
        self.assertEqual(self.get(run_id)['state'], 'CANCELING')
        self.call('POST', f'/apis/v2beta1/runs/{run_id}:terminate')
        run = self.await_end(run_id)
        self.assertEqual(run['state'], 'CANCELED')
        self.assertEqual(self.states(run)['clean'], 'CANCELED')

    def test_tasks_and_artifacts_of_a_run(self):
        run_id = self.submit(self.upload(WRITE_AND_READ, 'write-and-read'))
        self.assertEqual(self.await_end(run_id)['state'], 'SUCCEEDED')
        tasks = self.call('GET', f'/apis/v2beta1/runs/{run_id}/tasks')
        self.assertEqual(tasks['total_size'], len(tasks['tasks']))
        by_name = {task['display_name']: task for task in tasks['tasks']}
        write, read = by_name['write'], by_name['read']
        self.assertEqual(self.call('GET', f'/apis/v2beta1/runs/{run_id}/tasks/{write["task_id"]}')['display_name'], 'write')
        self.assertEqual(self.refused('GET', f'/apis/v2beta1/runs/{run_id}/tasks/none')[0], 404)

        links = self.call('GET', f'/apis/v2beta1/artifact_tasks?run_ids={run_id}')['artifact_tasks']
        self.assertEqual({(link['task_id'], link['key'], link['type']) for link in links},
                         {(write['task_id'], 'text', 'OUTPUT'), (read['task_id'], 'text', 'TASK_OUTPUT_INPUT')})
        artifact_id = links[0]['artifact_id']
        for query, count in ((f'task_ids={write["task_id"]}', 1), (f'artifact_ids={artifact_id}', 2),
                             (f'run_ids={run_id}&type=OUTPUT', 1), (f'run_ids={run_id}&page_size=1', 1)):
            self.assertEqual(len(self.call('GET', f'/apis/v2beta1/artifact_tasks?{query}')['artifact_tasks']), count, query)
        self.assertEqual(self.refused('GET', '/apis/v2beta1/artifact_tasks')[0], 400)

        artifact = self.call('GET', f'/apis/v2beta1/artifacts/{artifact_id}')
        self.assertEqual((artifact['type'], artifact['penstock']['type']), ('Dataset', 'system.Dataset'))
        self.assertEqual(pathlib.Path(artifact['uri']).read_text(), 'hello\n')
        self.assertEqual(self.refused('GET', '/apis/v2beta1/artifacts/999999')[0], 404)
        listed = self.call('GET', '/apis/v2beta1/artifacts?page_size=200')['artifacts']
        self.assertIn(artifact_id, [one['artifact_id'] for one in listed])

    def test_artifact_that_a_client_tells_of(self):
        run_id = self.submit(self.upload(WRITE_AND_READ, 'client-artifacts'))
        self.await_end(run_id)
        task = self.call('GET', f'/apis/v2beta1/runs/{run_id}/tasks')['tasks'][0]['task_id']
        told = {'artifact': {'name': 'mine', 'uri': 's3://bucket/model', 'type': 'Model', 'metadata': {'layers': [1, 2]}},
                'run_id': run_id, 'task_id': task, 'producer_key': 'model'}
        made = self.call('POST', '/apis/v2beta1/artifacts', told)
        self.assertEqual((made['type'], made['uri']), ('Model', 's3://bucket/model'))
        self.assertEqual(self.call('GET', f'/apis/v2beta1/artifacts/{made["artifact_id"]}')['uri'], 's3://bucket/model')
        links = self.call('GET', f'/apis/v2beta1/artifact_tasks?artifact_ids={made["artifact_id"]}')['artifact_tasks']
        self.assertEqual([(link['task_id'], link['key'], link['type']) for link in links], [(task, 'model', 'OUTPUT')])
        link = {'artifact_id': made['artifact_id'], 'run_id': run_id, 'task_id': task, 'type': 'COMPONENT_INPUT', 'key': 'seen'}
        self.assertEqual(self.call('POST', '/apis/v2beta1/artifact_tasks', {'artifact_task': link})['key'], 'seen')
        both = self.call('POST', '/apis/v2beta1/artifact_tasks:batchCreate', {'artifact_tasks': [link, link]})
        self.assertEqual(len(both['artifact_tasks']), 2)
        links = self.call('GET', f'/apis/v2beta1/artifact_tasks?artifact_ids={made["artifact_id"]}&type=COMPONENT_INPUT')
        self.assertEqual(links['total_size'], 3)
        for wrong, code in (({'run_id': 'none'}, 404), ({'task_id': 'none'}, 404), ({'artifact': {'type': 'Model'}}, 400),
                            ({'artifact': {'uri': 'x', 'type': 'Modell'}}, 400)):
            self.assertEqual(self.refused('POST', '/apis/v2beta1/artifacts', {**told, **wrong})[0], code, wrong)

    def test_pipeline_compiled_by_tfx(self):
        """The one of tests/scenarios/tfx_pipeline.scenario, uploaded instead of run from its file."""
        scenario = (REPOSITORY / 'tests/scenarios/tfx_pipeline.scenario').read_text()
        folder = FOLDER / 'tfx'
        for name, text in re.findall(r'^write (\S+) <<END\n(.*?)^END$', scenario, re.MULTILINE | re.DOTALL):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace('HERE', str(folder)))
        (folder / 'data').mkdir()
        rows = [f'{1 + i % 40}.5,{i % 7},{"card" if i % 3 else "cash"},{i % 2}' for i in range(600)]
        (folder / 'data/data.csv').write_text('\n'.join(['fare,hour,payment_type,tips', *rows]) + '\n')
        pipeline = self.upload((folder / 'pipeline.yaml').read_text(), 'taxi-of-tfx')
        for config, baseline in (('one', '[]'), ('two', 'artifacts/Trainer/')):
            run_id = self.submit(pipeline, config=config)
            run = self.await_end(run_id)
            self.assertEqual(run['state'], 'SUCCEEDED', json.dumps(run['run_details'])[:4000])
            self.assertEqual(self.states(run)['Pusher'], 'SUCCEEDED')
            self.assertIn(baseline, self.log(run_id, 'Evaluator'))
        self.assertTrue(list(folder.glob('serving/*/saved_model.pb')))

    @unittest.skipUnless(CLIENTS.exists(), 'NOT TESTED: schemathesis is not here (tools/setup_service_clients.sh)')
    def test_api_holds_what_its_document_says(self):
        """schemathesis: no answer is a server's fault, and every one fits the OpenAPI document."""
        pipeline = self.upload(WRITE_AND_READ, 'explored')
        run = self.await_end(self.submit(pipeline))
        recurring = self.call('POST', '/apis/v2beta1/recurringruns', {
            'display_name': 'explored', 'pipeline_version_reference': {'pipeline_id': pipeline}, 'mode': 'DISABLE',
            'max_concurrency': '1', 'trigger': {'periodic_schedule': {'interval_second': '3600'}}})
        versions = self.call('GET', f'/apis/v2beta1/pipelines/{pipeline}/versions')['pipeline_versions']
        # Ids that are there, so that more than 404 is seen.
        known = {'pipeline_id': pipeline, 'pipeline_version_id': versions[0]['pipeline_version_id'],
                 'run_id': run['run_id'], 'recurring_run_id': recurring['recurring_run_id'], 'node_id': 'write',
                 'artifact_name': 'text', 'experiment_id': run['experiment_id'], 'name': 'explored', 'artifact_id': '1'}
        lines = ['[parameters]'] + [f'"path.{name}" = {json.dumps(value)}' for name, value in known.items()]
        config = FOLDER / 'schemathesis.toml'
        config.write_text('\n'.join(lines) + '\n')
        interpreter = (CLIENTS / 'interpreter').read_text().strip()
        # 501 is what these answer on purpose; the two streams have no end.
        left_out = r'(workflows|visualizations/\{namespace\}|events)$'
        for more in (['--config-file', str(config), 'run', '--exclude-method', 'DELETE'], ['run']):
            explored = subprocess.run(
                [interpreter, '-c', 'from schemathesis.cli import schemathesis; schemathesis()', *more,
                 self.url + '/openapi.json', '--exclude-path-regex', left_out, '--max-examples', '8', '--seed', '1',
                 '--checks', 'not_a_server_error,status_code_conformance,content_type_conformance,'
                 'response_schema_conformance', '--generation-database', 'none', '--request-timeout', '20', '--no-color'],
                env=dict(os.environ, PYTHONPATH=str(CLIENTS), PYTHONDONTWRITEBYTECODE='1'), cwd=FOLDER,
                capture_output=True, text=True, timeout=300)
            self.assertEqual(explored.returncode, 0, explored.stdout[-6000:] + explored.stderr[-2000:])
            self.assertRegex(explored.stdout, r'\d{3,} generated')

    @unittest.skipUnless(CLIENTS.exists() and KFP_PYTHON.exists(),
                         'NOT TESTED: nbclient or the kfp client is not here (tools/setup_service_clients.sh, '
                         'tools/setup_kfp_client.sh)')
    def test_notebook_is_executed_by_nbclient(self):
        execute = ('import sys, nbformat; from nbclient import NotebookClient; '
                   'notebook = nbformat.read(sys.argv[1], 4); '
                   'NotebookClient(notebook, timeout=180, kernel_name="python3").execute(); '
                   'nbformat.write(notebook, sys.argv[2])')
        done = FOLDER / 'executed.ipynb'
        environment = dict(os.environ, PYTHONPATH=str(CLIENTS), JUPYTER_PATH=str(CLIENTS / 'share/jupyter'),
                           PATH=os.pathsep.join([str(KFP_PYTHON.parent), os.environ['PATH']]), PENSTOCK_HOST=self.url,
                           PYTHONDONTWRITEBYTECODE='1', IPYTHONDIR=str(FOLDER / 'ipython'))
        ended = subprocess.run([KFP_PYTHON, '-c', execute, REPOSITORY / 'examples/kfp/word_count.ipynb', done],
                               env=environment, capture_output=True, text=True, timeout=300)
        self.assertEqual(ended.returncode, 0, ended.stderr[-4000:])
        cells = [cell for cell in json.loads(done.read_text())['cells'] if cell['cell_type'] == 'code']
        self.assertEqual([cell['execution_count'] for cell in cells], list(range(1, len(cells) + 1)))
        self.assertIn('SUCCEEDED', json.dumps(cells))


if __name__ == '__main__':
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]], verbosity=2)
