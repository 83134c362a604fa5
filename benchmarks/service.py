#!/usr/bin/env python3
"""Measures the pipelines service: lists among a million runs, create-run, memory at rest.

    python3 benchmarks/service.py [--program build/release/bin/penstock] [--runs 1000000] [--clients 8]
"""
import argparse
import http.client
import json
import pathlib
import signal
import sqlite3
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.parse

SPEC = {
    "pipelineInfo": {"name": "hello"}, "schemaVersion": "2.1.0", "sdkVersion": "kfp-2.17.0",
    "components": {"comp-say": {"executorLabel": "exec-say"}},
    "deploymentSpec": {"executors": {"exec-say": {"container": {"image": "busybox", "command": ["true"]}}}},
    "root": {"dag": {"tasks": {"say": {"componentRef": {"name": "comp-say"}, "taskInfo": {"name": "say"}}}}},
}


class Server:
    def __init__(self, program, root, *options):
        self.process = subprocess.Popen([program, "server", "--port", "0", "--grpc-port", "0", "--root", root, *options],
                                        stdout=subprocess.PIPE, text=True)
        self.url = json.loads(self.process.stdout.readline())["rest"]
        self.host = urllib.parse.urlparse(self.url).netloc

    def connection(self):
        return http.client.HTTPConnection(self.host)

    def memory_mb(self):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=60) == 0


def call(connection, method, path, body=None):
    connection.request(method, "/apis/v2beta1" + path, None if body is None else json.dumps(body))
    response = connection.getresponse()
    data = json.loads(response.read())
    assert response.status == 200, (path, data)
    return data


def fill(root, num_runs):
    """A million finished runs, written behind the server's back: it is the lists that are measured."""
    database = sqlite3.connect(pathlib.Path(root) / "metadata.sqlite")
    experiment = database.execute("SELECT experiment_id FROM penstock_experiment").fetchone()[0]
    database.execute("INSERT INTO penstock_spec(text_digest, text) VALUES (?, ?)", (b"0123456789abcdef", json.dumps(SPEC)))
    spec = database.execute("SELECT id FROM penstock_spec").fetchone()[0]
    history = json.dumps([{"update_time": "2026-01-01T00:00:00Z", "state": "SUCCEEDED"}])
    database.executemany(
        "INSERT INTO penstock_service_run(run_id, namespace, experiment_id, recurring_run_id, pipeline_id, version_id,"
        " display_name, description, service_account, storage_state, state, runtime_config, plugins_input, state_history,"
        " error, spec_id, created_seconds, scheduled_seconds, finished_seconds)"
        " VALUES (?, '', ?, '', '', '', ?, '', '', 'AVAILABLE', 'SUCCEEDED', '{}', '{}', ?, '', ?, ?, ?, ?)",
        ((f"run-{i}", experiment, f"run {i}", history, spec, i // 10, i // 10, i // 10) for i in range(num_runs)))
    database.commit()
    database.close()
    return experiment


def milliseconds(function, num_times=20):
    times = []
    for _ in range(num_times):
        begin = time.perf_counter()
        function()
        times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times)


def measure_lists(server, experiment, page=1000):
    connection = server.connection()
    results = {}
    order = urllib.parse.quote("created_at desc")
    results["first page"] = milliseconds(lambda: call(connection, "GET", f"/runs?sort_by={order}"))
    results["first page of the experiment"] = milliseconds(
        lambda: call(connection, "GET", f"/runs?sort_by={order}&experiment_id={experiment}"))
    filter_text = urllib.parse.quote(json.dumps(
        {"predicates": [{"operation": "NOT_EQUALS", "key": "storage_state", "string_value": "ARCHIVED"}]}))
    results["first page, filtered by storage state"] = milliseconds(
        lambda: call(connection, "GET", f"/runs?sort_by={order}&filter={filter_text}"))
    token = ""
    for _ in range(page - 1):
        token = call(connection, "GET", f"/runs?sort_by={order}&page_token={token}")["next_page_token"]
    results[f"page {page}"] = milliseconds(lambda: call(connection, "GET", f"/runs?sort_by={order}&page_token={token}"))
    return results


def measure_creates(server, num_clients, seconds=10):
    connection = server.connection()
    pipeline = call(connection, "POST", "/pipelines/create", {
        "pipeline": {"display_name": "hello"}, "pipeline_version": {"display_name": "v", "pipeline_spec": SPEC}})
    body = {"display_name": "r", "pipeline_version_reference": {"pipeline_id": pipeline["pipeline_id"]}}
    counts = [0] * num_clients
    end = time.perf_counter() + seconds

    def client(index):
        own = server.connection()
        while time.perf_counter() < end:
            call(own, "POST", "/runs", body)
            counts[index] += 1

    begin = time.perf_counter()
    threads = [threading.Thread(target=client, args=(i,)) for i in range(num_clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - begin)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default="build/release/bin/penstock")
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--clients", type=int, default=8)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        server = Server(arguments.program, root)
        # Pages that only the start touched are given back: do the first requests pay for it?
        requests = [milliseconds(lambda: call(server.connection(), "GET", "/experiments"), 1) for _ in range(20)]
        print(f"requests after the start: first {requests[0]:.2f} ms, second {requests[1]:.2f} ms, "
              f"median of the rest {statistics.median(requests[2:]):.2f} ms")
        time.sleep(1)
        print(f"server at rest: {server.memory_mb():.1f} MB")
        server.stop()
        experiment = fill(root, arguments.runs)
        server = Server(arguments.program, root)
        for name, value in measure_lists(server, experiment).items():
            print(f"list runs among {arguments.runs}, {name}: {value:.2f} ms")
        print(f"server after {arguments.runs} runs were paged through: {server.memory_mb():.1f} MB")
        server.stop()
    with tempfile.TemporaryDirectory() as root:
        server = Server(arguments.program, root)
        rate = measure_creates(server, arguments.clients)
        print(f"create-run, {arguments.clients} clients: {rate:.0f}/s; memory then {server.memory_mb():.1f} MB")
        server.process.kill()  # Thousands of runs wait: not what is measured.
        server.process.wait()


if __name__ == "__main__":
    main()
