#!/usr/bin/env python3
"""Runs `penstock evaluate` on a folder of TFMA cases and compares with TFMA's own answers.

usage: run_cases.py CASES [--penstock FILE] [--compare FILE] [--out DIR] [--case TEXT] [--jobs N] [-v]

CASES holds case_*/{data.jsonl,eval_config.pbtxt,expected_*.json} and compare.py (or it is named by --compare). What penstock answers is put in
OUT/<case>/{metrics,validation,error}.json and given to compare.py. Cases in unsupported.txt (beside this file, each
with its reason) are expected to differ: one that is equal fails the run, so that the list can only shrink.
Exit code 1 where something is not as expected, 77 where CASES is not there.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def unsupported():
    lines = (HERE / "unsupported.txt").read_text().splitlines()
    return {line.split()[0]: line.split(None, 1)[1] for line in lines if line and not line.startswith("#")}


def run_case(penstock, case, out):
    folder = out / case.name
    folder.mkdir(parents=True, exist_ok=True)
    command = [penstock, "evaluate", "--data", str(case / "data.jsonl"), "--config", str(case / "eval_config.pbtxt"),
               "--compat", "tfma", "--json", "--threads", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if done.returncode in (0, 3):
        answer = json.loads(done.stdout)
        (folder / "metrics.json").write_text(json.dumps(answer["metrics"]))
        if answer["validation"] is not None:
            (folder / "validation.json").write_text(json.dumps(answer["validation"]))
            if (done.returncode == 0) != answer["validation"]["validation_ok"]:
                raise SystemExit(f"{case.name}: exit code {done.returncode}, but validation_ok is the other way")
    elif done.returncode == 2:
        (folder / "error.json").write_text(json.dumps({"type": "bad input", "message": done.stderr.strip()}))
    else:
        raise SystemExit(f"{case.name}: exit code {done.returncode}: {done.stderr}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cases", type=pathlib.Path)
    parser.add_argument("--penstock", default="penstock")
    parser.add_argument("--compare", type=pathlib.Path, help="compare.py, where CASES has none")
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--case", default="")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("-v", action="store_true")
    options = parser.parse_args()
    compare = options.compare or options.cases / "compare.py"
    if not compare.exists():
        print(f"SKIPPED: {compare} is not there")
        return 77
    out = options.out or pathlib.Path(tempfile.mkdtemp(prefix="penstock-tfma-"))
    cases = sorted(path for path in options.cases.glob("case_*") if path.is_dir() and options.case in path.name)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(lambda case: run_case(options.penstock, case, out), cases))
    # compare.py goes through SPLIT.json; a folder of its own says which cases there are.
    view = out / "golden"
    view.mkdir(exist_ok=True)
    for case in cases:
        if not (view / case.name).exists():
            os.symlink(case.resolve(), view / case.name)
    errors = options.cases / "ERROR_CASES.json"
    (view / "ERROR_CASES.json").write_text(errors.read_text() if errors.exists() else "{}")
    (view / "SPLIT.json").write_text(json.dumps({case.name: "visible" for case in cases}))
    compared = subprocess.run([sys.executable, str(compare), str(out), "--golden", str(view)]
                              + (["-v"] if options.v else []), capture_output=True, text=True)
    print(compared.stdout + compared.stderr, end="")
    different = set(re.findall(r"^FAIL (\S+)", compared.stdout, re.M))
    listed = unsupported()
    names = {case.name for case in cases}
    for name in sorted(different - set(listed)):
        print(f"not as TFMA: {name}")
    for name in sorted((set(listed) & names) - different):
        print(f"listed in unsupported.txt, but equal: {name}")
    wrong = (different ^ (set(listed) & names)) or not re.search(r"\d+ equal, \d+ different", compared.stdout)
    print(f"{len(names) - len(different)} of {len(names)} cases as TFMA; answers in {out}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
