#!/usr/bin/env python3
"""Runs KFP's compiled pipelines with `penstock run` and compares with what KFP itself made of them.

    tests/parity/kfp/run_cases.py [--penstock build/release/bin/penstock] [--python .deps/kfp_client/bin/python]
                                  [--only ID ...] [--fast] [--jobs N] [FOLDER]

FOLDER holds cases.json and, beside or below it, ir/ and expected/ (the form of ../shared/conformance/kfp).
Prints a line per case; exit code 0 when every case is as expected or in unsupported.txt, and none of
those passes.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SKIPPED = 77  # What ctest takes for it.
# Plain commands and a few Python components of each feature: a minute on a busy machine.
FAST = {
    "valid__arguments_parameters", "valid__pipeline_with_only_display_name",
    "valid__essential__pipeline_with_nested_conditions_yaml", "valid__gpu-scheduling__nvidia_gpu_scheduling_check",
    "valid__failing__fail_v2", "invalid__invalid_yaml", "valid__critical__collected_parameters",
    "valid__local_execution__local_execution_pipeline_with_ignore_upstream_failure",
    "valid__critical__pipeline_with_retry", "valid__critical__artifact_crust",
}


def find_file(folder, path):
    """`path` as cases.json has it, wherever the folder lies."""
    for base in (folder, os.path.dirname(folder)):
        candidate = os.path.join(base, path)
        if os.path.exists(candidate):
            return candidate
    kind, name = path.split("/")[-2:]
    return os.path.join(folder, kind, name)


def as_text(value):
    return value if isinstance(value, str) else json.dumps(value)


def normal(value):
    """Numbers by value, paths of the reference's working directory by their last part."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, str):
        text = value.strip()
        if text.startswith("<WORKDIR>") or "/artifacts/" in text:
            return "PATH:" + os.path.basename(text)
        return value
    if isinstance(value, list):
        return [normal(item) for item in value]
    if isinstance(value, dict):
        return {key: normal(item) for key, item in value.items()}
    return value


def key_of(value):
    return json.dumps(normal(value), sort_keys=True)


def name_of(node):
    """The reference names a task by its component."""
    return node["component"][5:] if node["component"].startswith("comp-") else node["name"]


def artifacts_of(outputs):
    by_name = collections.defaultdict(list)
    for output in outputs:
        by_name[output["name"]].append({"metadata": output["properties"]})
    return dict(by_name)


def compare_states(case, expected, report, code):
    if case["local"] == "REJECTED":
        return [] if code == 2 else [f"exit code {code}, not 2"]
    if report is None:
        return [f"no report, exit code {code}"]
    wanted = "succeeded" if case["local"] == "SUCCESS" else "failed"
    if report["state"] != wanted:
        return [f"the run has {report['state']}, not {wanted}: {report.get('error', '')}"]
    return []


def compare_tasks(expected, report):
    problems = []
    finished = collections.Counter()
    for line in expected.get("status_lines", []):
        match = re.match(r"Task '([^']+)' finished with status (\w+)", line)
        if match:
            finished[match.groups()] += 1
    states = {"SUCCESS": "succeeded", "FAILURE": "failed"}
    leaves = [node for node in report["nodes"] if node["kind"] in ("container", "importer")]
    for (name, status), count in finished.items():
        have = sum(1 for node in leaves if name_of(node) == name and node["state"] == states.get(status, "?"))
        # The reference's log loses lines where tasks end at the same time.
        if have < count:
            problems.append(f"{name}: {have} have {states.get(status, status)}, not {count}")
    for name, wanted in expected.get("executor_outputs", {}).items():
        nodes = [node for node in leaves if name_of(node) == name and node["state"] == "succeeded"]
        in_files = {path.split("/")[-1] for path in expected.get("files", {}) if path.split("/")[-2] == name}
        have = collections.Counter(
            key_of({"p": {key: value for key, value in node["output_parameters"].items() if key not in in_files},
                    "a": artifacts_of(node["outputs"])}) for node in nodes)
        want = collections.Counter(
            key_of({"p": item["parameterValues"],
                    "a": {key: [{"metadata": artifact["metadata"]} for artifact in artifacts]
                          for key, artifacts in item["artifacts"].items()}}) for item in wanted)
        if have != want:
            problems.append(f"{name}: outputs {dict(have - want)}, not {dict(want - have)}")
    return problems


def read_parameter(text):
    try:
        return json.loads(text.lower() if text.strip() in ("True", "False") else text)
    except json.JSONDecodeError:
        return text


def compare_files(expected, report):
    wanted = collections.defaultdict(collections.Counter)
    for path, content in expected.get("files", {}).items():
        task, output = path.split("/")[-2:]
        wanted[task, output][content] += 1
    problems = []
    for (task, output), contents in wanted.items():
        have = collections.Counter()
        for node in report["nodes"]:
            if name_of(node) == task and output in node["output_parameters"]:
                value = node["output_parameters"][output]
                # The file of a parameter: compared by what it says.
                for content in contents:
                    if key_of(read_parameter(content)) == key_of(value) or content == value:
                        have[content] += 1
                        break
            # A component may name its file itself (dsl.get_uri): then it is of any output.
            is_port = output in node["output_parameters"] or any(
                artifact["name"] == output for artifact in node["outputs"])
            for artifact in node["outputs"]:
                is_it = artifact["name"] == output or not is_port
                if name_of(node) == task and is_it and os.path.isfile(artifact["uri"]):
                    with open(artifact["uri"], errors="replace") as file:
                        have[file.read()] += 1
        if any(isinstance(content, str) for content in contents) and have != contents:
            problems.append(f"{task}.{output}: files {dict(have)}, not {dict(contents)}")
    return problems


def compare_outputs(expected, report):
    problems = []
    for name, value in expected.get("outputs", {}).items():
        if isinstance(value, dict) and "uri" in value:
            have = [output for output in report["outputs"] if output["name"] == name]
            if [key_of(output["properties"]) for output in have] != [key_of(value.get("metadata", {}))]:
                problems.append(f"output {name}: {have}, not {value}")
        elif key_of(report["output_parameters"].get(name)) != key_of(value):
            problems.append(f"output {name}: {report['output_parameters'].get(name)}, not {value}")
    return problems


def run_case(case, folder, options):
    expected_file = find_file(folder, case["expected"]) if case.get("expected") else None
    expected = json.load(open(expected_file)) if expected_file else {}
    with tempfile.TemporaryDirectory(prefix="penstock_kfp_") as root:
        command = [options.penstock, "run", find_file(folder, case["file"]), "--root", root, "--json"]
        for name, value in expected.get("args", {}).items():
            command += ["--param", f"{name}={as_text(value)}"]
        environment = dict(os.environ, PATH=os.path.dirname(options.python) + ":" + os.environ["PATH"])
        # The reference's host had no GPU and no secrets either.
        environment.update(case.get("environment", {}))
        try:
            ended = subprocess.run(command, capture_output=True, text=True, cwd=root, env=environment,
                                   timeout=options.timeout)
        except subprocess.TimeoutExpired:
            return [f"took longer than {options.timeout} s"]
        try:
            report = json.loads(ended.stdout)
        except json.JSONDecodeError:
            report = None
        problems = compare_states(case, expected, report, ended.returncode)
        if report is None or case["local"] == "REJECTED":
            return problems + ([ended.stderr.strip()[-300:]] if problems else [])
        if not case.get("random"):
            problems += compare_tasks(expected, report) + compare_files(expected, report)
            problems += compare_outputs(expected, report)
        if problems:
            for node in report["nodes"]:
                if node["state"] == "failed" and os.path.exists(node.get("log", "")):
                    problems.append(f"log of {node['node']}: " + open(node["log"], errors="replace").read()[-600:])
        return problems


def read_unsupported():
    """id -> reason."""
    reasons = {}
    with open(os.path.join(HERE, "unsupported.txt")) as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                name, _, reason = line.strip().partition(" ")
                reasons[name] = reason
    return reasons


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    repository = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
    parser.add_argument("folder", nargs="?", help="default: $PENSTOCK_TEST_DATA/conformance/kfp")
    parser.add_argument("--penstock", default=os.path.join(repository, "build/release/bin/penstock"))
    parser.add_argument("--python", default=os.path.join(repository, ".deps/kfp_client/bin/python"))
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--fast", action="store_true", help="a representative dozen")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--timeout", type=float, default=300)
    options = parser.parse_args()
    folder = options.folder or os.path.join(os.environ.get("PENSTOCK_TEST_DATA", ""), "conformance/kfp")
    for needed, remedy in ((os.path.join(folder, "cases.json"), "set PENSTOCK_TEST_DATA to the folder that holds it"),
                           (options.python, "run tools/setup_kfp_client.sh")):
        if not os.path.exists(needed):
            print(f"SKIPPED: there is no {needed}; {remedy}")
            return SKIPPED
    folder = os.path.abspath(folder)
    cases = json.load(open(os.path.join(folder, "cases.json")))
    if options.only:
        cases = [case for case in cases if case["id"] in options.only]
    if options.fast:
        cases = [case for case in cases if case["id"] in FAST]
    unsupported = read_unsupported()
    num_failed = num_passed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for case, problems in zip(cases, pool.map(lambda case: run_case(case, folder, options), cases)):
            reason = unsupported.get(case["id"])
            if not problems and reason:
                problems = ["passes: take it off unsupported.txt"]
            elif problems and reason:
                print(f"UNSUPPORTED {case['id']}: {reason}")
                continue
            if problems:
                num_failed += 1
                print(f"FAILED {case['id']}")
                for problem in problems:
                    print("   ", problem.replace("\n", "\n    "))
            else:
                num_passed += 1
                print(f"ok {case['id']}", flush=True)
    print(f"{num_passed} as expected, {num_failed} not, of {len(cases)}")
    return 1 if num_failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
