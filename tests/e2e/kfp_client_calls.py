"""Makes every call of the kfp client against `penstock server`, as its users do.

    python kfp_client_calls.py PENSTOCK_PROGRAM FOLDER
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest
import urllib.request

import kfp
import kfp_server_api
from kfp import compiler, dsl

PROGRAM, FOLDER = sys.argv[1:3]


@dsl.container_component
def write_text(text: str, out: dsl.OutputPath(str)):
    return dsl.ContainerSpec(image='busybox',
                             command=['sh', '-c', 'mkdir -p "$(dirname "$1")" && printf "%s" "$0" > "$1" && echo "wrote $0"'],
                             args=[text, out])


@dsl.container_component
def fail():
    return dsl.ContainerSpec(image='busybox', command=['sh', '-c', 'echo no >&2; exit 7'])


@dsl.pipeline(name='two-steps')
def two_steps(text: str = 'hello'):
    first = write_text(text=text)
    write_text(text=first.outputs['out'])


@dsl.pipeline(name='failing')
def failing():
    fail()


class KfpClientTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.server = subprocess.Popen([PROGRAM, 'server', '--port', '0', '--grpc-port', '0', '--root', FOLDER + '/root'],
                                      stdout=subprocess.PIPE, text=True)
        ready = json.loads(cls.server.stdout.readline())
        cls.url = ready['rest']
        cls.client = kfp.Client(host=cls.url)
        cls.package = FOLDER + '/two_steps.yaml'
        compiler.Compiler().compile(two_steps, cls.package)

    @classmethod
    def tearDownClass(cls):
        cls.server.send_signal(signal.SIGTERM)
        assert cls.server.wait(timeout=30) == 0, 'the server did not end with 0'
        cls.server.stdout.close()

    def wait(self, run_id, timeout=120):
        return self.client.wait_for_run_completion(run_id, timeout=timeout, sleep_duration=0.1)

    def status_of(self, call, *args, **kwargs):
        with self.assertRaises(kfp_server_api.ApiException) as raised:
            call(*args, **kwargs)
        return raised.exception.status

    def test_healthz_and_namespace(self):
        self.assertEqual(self.client.get_kfp_healthz().pipeline_store, 'database')
        self.assertEqual(self.client.get_user_namespace(), '')

    def test_experiments(self):
        made = self.client.create_experiment('exp', description='d')
        self.assertEqual(self.client.create_experiment('exp').experiment_id, made.experiment_id)
        self.assertEqual(self.client.get_experiment(experiment_id=made.experiment_id).display_name, 'exp')
        self.assertEqual(self.client.get_experiment(experiment_name='exp').experiment_id, made.experiment_id)
        listed = self.client.list_experiments(page_size=1, sort_by='created_at desc')
        self.assertEqual(len(listed.experiments), 1)
        self.assertGreaterEqual(listed.total_size, 2)
        rest = self.client.list_experiments(page_token=listed.next_page_token, page_size=100)
        self.assertEqual(len(rest.experiments) + 1, listed.total_size)
        self.client.archive_experiment(made.experiment_id)
        self.assertEqual(self.client.get_experiment(made.experiment_id).storage_state, 'ARCHIVED')
        self.client.unarchive_experiment(made.experiment_id)
        self.client.delete_experiment(made.experiment_id)
        self.assertEqual(self.status_of(self.client.get_experiment, made.experiment_id), 404)

    def test_pipelines_and_versions(self):
        pipeline = self.client.upload_pipeline(self.package, pipeline_name='up', description='d')
        self.assertEqual(self.client.get_pipeline_id('up'), pipeline.pipeline_id)
        self.assertEqual(self.client.get_pipeline(pipeline.pipeline_id).description, 'd')
        self.assertEqual(self.status_of(self.client.upload_pipeline, self.package, 'up'), 409)
        version = self.client.upload_pipeline_version(self.package, 'v2', pipeline_name='up')
        self.assertEqual(version.pipeline_id, pipeline.pipeline_id)
        from_func = self.client.upload_pipeline_version_from_pipeline_func(two_steps, 'v3', pipeline_id=pipeline.pipeline_id)
        got = self.client.get_pipeline_version(pipeline.pipeline_id, from_func.pipeline_version_id)
        self.assertEqual(got.pipeline_spec['pipelineInfo']['name'], 'two-steps')
        versions = self.client.list_pipeline_versions(pipeline.pipeline_id, page_size=2, sort_by='created_at desc')
        self.assertEqual((versions.total_size, len(versions.pipeline_versions)), (3, 2))
        self.client.delete_pipeline_version(pipeline.pipeline_id, version.pipeline_version_id)
        self.assertEqual(self.status_of(self.client.delete_pipeline, pipeline.pipeline_id), 400)
        for one in self.client.list_pipeline_versions(pipeline.pipeline_id).pipeline_versions:
            self.client.delete_pipeline_version(pipeline.pipeline_id, one.pipeline_version_id)
        self.client.delete_pipeline(pipeline.pipeline_id)
        other = self.client.upload_pipeline_from_pipeline_func(two_steps, pipeline_name='by-func')
        listed = self.client.list_pipelines(filter=json.dumps({'predicates': [
            {'operation': 9, 'key': 'display_name', 'stringValue': 'by-func'}]}))
        self.assertEqual([p.pipeline_id for p in listed.pipelines], [other.pipeline_id])

    def test_malformed_upload_is_refused_at_once(self):
        path = FOLDER + '/broken.yaml'
        with open(path, 'w') as file:
            file.write('pipelineInfo: [')
        begin = time.monotonic()
        self.assertEqual(self.status_of(self.client._upload_api.upload_pipeline, path, name='broken'), 400)
        self.assertLess(time.monotonic() - begin, 2)

    def test_run_from_package_runs_and_shows_its_tasks(self):
        run = self.client.create_run_from_pipeline_package(self.package, arguments={'text': 'salut'}, run_name='r',
                                                          experiment_name='runs')
        done = run.wait_for_run_completion(timeout=120) or self.wait(run.run_id)
        self.assertEqual(done.state, 'SUCCEEDED')
        states = [s.state for s in done.state_history]
        self.assertEqual((states[0], states[-1]), ('PENDING', 'SUCCEEDED'))
        self.assertGreater(done.finished_at, done.created_at.replace(year=2000))
        tasks = {t.display_name: t for t in done.run_details.task_details}
        self.assertEqual({'root', 'write-text', 'write-text-2'} - set(tasks), set())
        self.assertTrue(all(t.state == 'SUCCEEDED' for t in tasks.values()))
        # Logs, by the old path that kfp's tools use.
        log, status, _ = self.client._run_api.api_client.call_api(
            '/apis/v1alpha1/runs/{r}/nodes/{n}/log', 'GET', path_params={'r': run.run_id, 'n': 'write-text'},
            response_type='str', _preload_content=True)
        self.assertIn('wrote salut', log)

    def test_run_from_function_and_from_version(self):
        run = self.client.create_run_from_pipeline_func(two_steps, arguments={'text': 'x'}, enable_caching=False)
        self.assertEqual(self.wait(run.run_id).state, 'SUCCEEDED')
        pipeline = self.client.upload_pipeline(self.package, pipeline_name='for-runs')
        version = self.client.upload_pipeline_version(self.package, 'second', pipeline_id=pipeline.pipeline_id)
        experiment = self.client.create_experiment('versions')
        pinned = self.client.run_pipeline(experiment.experiment_id, 'pinned', pipeline_id=pipeline.pipeline_id,
                                          version_id=version.pipeline_version_id, params={'text': 'y'})
        self.assertEqual(pinned.pipeline_version_reference.pipeline_version_id, version.pipeline_version_id)
        self.assertEqual(self.wait(pinned.run_id).state, 'SUCCEEDED')
        listed = self.client.list_runs(experiment_id=experiment.experiment_id, sort_by='created_at desc')
        self.assertEqual([r.run_id for r in listed.runs], [pinned.run_id])
        by_state = self.client.list_runs(filter=json.dumps({'predicates': [
            {'operation': 'IN', 'key': 'state', 'string_values': {'values': ['SUCCEEDED']}}]}), page_size=200)
        self.assertIn(pinned.run_id, [r.run_id for r in by_state.runs])

    def test_archive_unarchive_delete_run(self):
        run = self.client.create_run_from_pipeline_func(two_steps, arguments={})
        self.wait(run.run_id)
        self.client.archive_run(run.run_id)
        self.assertEqual(self.client.get_run(run.run_id).storage_state, 'ARCHIVED')
        self.client.unarchive_run(run.run_id)
        self.assertEqual(self.client.get_run(run.run_id).storage_state, 'AVAILABLE')
        self.client.delete_run(run.run_id)
        self.assertEqual(self.status_of(self.client.get_run, run.run_id), 404)

    def test_failed_run_says_why_and_can_be_retried(self):
        run = self.client.create_run_from_pipeline_func(failing)
        done = self.wait(run.run_id)
        self.assertEqual(done.state, 'FAILED')
        self.assertTrue(done.error.message)
        self.client._run_api.run_service_retry_run(run.run_id)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            again = self.client.get_run(run.run_id)
            if len(again.state_history) > len(done.state_history) and again.state == 'FAILED':
                break
            time.sleep(0.05)
        self.assertEqual(again.state, 'FAILED')
        self.assertGreater(len(again.state_history), len(done.state_history))

    def test_terminate_run(self):
        @dsl.container_component
        def sleep():
            return dsl.ContainerSpec(image='busybox', command=['sleep', '600'])

        @dsl.pipeline(name='sleeping')
        def sleeping():
            sleep()

        runs = []
        for _ in range(8):  # At once: the engine may have it, not yet or be just about to.
            runs.append(self.client.create_run_from_pipeline_func(sleeping))
            self.client.terminate_run(runs[-1].run_id)
        for run in runs:
            deadline = time.monotonic() + 60
            while self.client.get_run(run.run_id).state != 'CANCELED' and time.monotonic() < deadline:
                time.sleep(0.05)
            self.assertEqual(self.client.get_run(run.run_id).state, 'CANCELED')
        self.assertEqual(self.status_of(self.client.terminate_run, run.run_id), 400)

    def test_recurring_runs(self):
        pipeline = self.client.upload_pipeline(self.package, pipeline_name='recurring')
        experiment = self.client.create_experiment('recurring')
        version = self.client.list_pipeline_versions(pipeline.pipeline_id).pipeline_versions[0].pipeline_version_id
        made = self.client.create_recurring_run(experiment.experiment_id, 'each-second', pipeline_id=pipeline.pipeline_id,
                                                version_id=version, interval_second=1, max_concurrency=1, no_catchup=True,
                                                params={'text': '[[Index]]'})
        self.assertEqual(self.client.get_recurring_run(made.recurring_run_id).status, 'ENABLED')
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            runs = self.client.list_runs(experiment_id=experiment.experiment_id).runs or []
            if len(runs) >= 2:
                break
            time.sleep(0.1)
        self.client.disable_recurring_run(made.recurring_run_id)
        self.assertGreaterEqual(len(runs), 2)
        self.assertEqual(self.wait(runs[0].run_id).state, 'SUCCEEDED')
        self.assertEqual(runs[0].recurring_run_id, made.recurring_run_id)
        self.client.enable_recurring_run(made.recurring_run_id)
        self.client.disable_recurring_run(made.recurring_run_id)
        cron = self.client.create_recurring_run(experiment.experiment_id, 'cron', pipeline_id=pipeline.pipeline_id, version_id=version,
                                                cron_expression='0 0 3 * * *', enabled=False)
        self.assertEqual(cron.trigger.cron_schedule.cron, '0 0 3 * * *')
        listed = self.client.list_recurring_runs(experiment_id=experiment.experiment_id, sort_by='created_at')
        self.assertEqual(listed.total_size, 2)
        for one in listed.recurring_runs:
            self.client.delete_recurring_run(one.recurring_run_id)
        self.assertEqual(self.status_of(self.client.get_recurring_run, made.recurring_run_id), 404)

    def test_notebook_runs_from_its_first_to_its_last_cell(self):
        root = pathlib.Path(__file__).resolve().parents[2]
        cells = json.loads((root / 'examples/kfp/word_count.ipynb').read_text())['cells']
        os.environ['PENSTOCK_HOST'] = self.url
        names = {}
        for cell in cells:
            if cell['cell_type'] == 'code':
                exec(compile(''.join(cell['source']), 'word_count.ipynb', 'exec'), names)
        self.assertEqual(names['done'].state, 'SUCCEEDED')
        log = urllib.request.urlopen(f"{self.url}/apis/v2beta1/runs/{names['run'].run_id}/nodes/say/log").read().decode()
        self.assertIn('The text has 7 words.', log)

    def cli(self, *words, code=0):
        done = subprocess.run([PROGRAM, *words, '--host', self.url, '--json'], capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stderr)
        return json.loads(done.stdout) if done.stdout else None

    def test_command_line_client(self):
        pipeline = self.cli('pipelines', 'upload', self.package, '--name', 'by-cli')[0]
        self.assertIn('by-cli', [p['display_name'] for p in self.cli('pipelines', 'list')])
        self.cli('pipelines', 'upload', self.package, '--pipeline', 'by-cli', '--name', 'v2')
        self.assertEqual(len(self.cli('pipelines', 'show', 'by-cli')['pipeline_versions']), 2)
        experiment = self.cli('experiments', 'create', 'cli')[0]
        done = self.cli('runs', 'submit', '--pipeline', 'by-cli', '-p', 'text=42', '--experiment', 'cli', '--wait')
        self.assertEqual((done['state'], done['experiment_id']), ('SUCCEEDED', experiment['experiment_id']))
        listed = self.cli('runs', 'list', '--experiment', 'cli', '--state', 'SUCCEEDED')
        self.assertEqual([r['run_id'] for r in listed], [done['run_id']])
        log = subprocess.run([PROGRAM, 'runs', 'logs', done['run_id'], '--node', 'write-text', '-f', '--host', self.url],
                             capture_output=True, text=True)
        self.assertIn('wrote 42', log.stdout)
        self.cli('runs', 'archive', done['run_id'])
        self.assertEqual(self.cli('runs', 'show', done['run_id'])['storage_state'], 'ARCHIVED')
        failed = self.cli('runs', 'submit', self.package, '-p', 'txt=1', code=2)
        self.assertIsNone(failed)
        self.cli('recurring-runs', 'create', 'cli-nightly', '--pipeline', 'by-cli', '--cron', '0 0 3 * * *', '-p', 'text=x')
        self.cli('recurring-runs', 'disable', 'cli-nightly')
        self.assertEqual(self.cli('recurring-runs', 'show', 'cli-nightly')[0]['status'], 'DISABLED')
        self.cli('recurring-runs', 'delete', 'cli-nightly')
        self.cli('pipelines', 'delete', pipeline['pipeline_id'], '--cascade')


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
