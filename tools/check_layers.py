#!/usr/bin/env python3
"""Holds the tree against the rules of docs/architecture: layers, sizes, header ownership.

  layers     an include of another room needs that room in DEPENDS of src/penstock/CMakeLists.txt,
             and DEPENDS itself only edges that the architecture allows
  ownership  Arrow headers only in the data tower and base's own sources; a header named
             *_internal.h only in its own room; every header is #pragma once
  sizes      header 250, source 500, test 700 lines; exceptions in tools/size_exceptions.txt may only shrink
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "penstock"
# What each room may depend on, directly. The reason for every edge: docs/architecture/README.md.
ALLOWED = {
    "base": set(),
    "data": {"base"},
    "combine": {"data", "base"},
    "statistics": {"combine", "data", "base"},
    "validation": {"base"},
    "transform": {"combine", "data", "base"},
    "model": {"transform", "data", "base"},
    "learning": {"model", "transform", "data", "base"},
    "evaluation": {"model", "transform", "combine", "data", "base"},
    "pages": {"base"},
    "pipeline": {"base"},
    "metadata": {"pipeline", "base"},
    "runtime": {"metadata", "pipeline", "base"},
    "backends": {"runtime", "metadata", "pipeline", "base"},
    "server": {"runtime", "metadata", "pipeline", "serving", "base"},
    "components": {"evaluation", "learning", "model", "transform", "validation", "statistics", "combine", "data",
                   "pipeline", "base"},
}
ARROW_ROOMS = {"data", "combine", "statistics", "transform", "model", "learning", "evaluation"}
LIMITS = [("_test.cc", 700), ("_testing.h", 700), (".h", 250), (".cc", 500)]


def declared_edges():
    text = (SOURCE / "CMakeLists.txt").read_text()
    edges = {}
    for room, body in re.findall(r"penstock_room\((\w+)([^()]*)\)", text):
        match = re.search(r"DEPENDS((?:\s+[a-z]+)*)", body)
        edges[room] = set(match.group(1).split()) if match else set()
    return edges


def check_file(path, room, edges, problems):
    text = path.read_text(encoding="utf-8")
    name = path.relative_to(ROOT)
    if path.suffix == ".h" and "#pragma once" not in text:
        problems.append(f"{name}: a header without #pragma once")
    for line, include in enumerate(re.findall(r'^#include ["<]([^">]+)[">]', text, re.M), 1):
        if include.startswith("penstock/"):
            parts = include.split("/")
            other = parts[1] if len(parts) > 2 else ""
            generated = include.endswith(".pb.h")
            if generated or not other:
                continue
            if room != "apps" and other != room and other not in edges.get(room, set()):
                problems.append(f"{name}: includes {include}, but {room} does not depend on {other}")
            if include.endswith("_internal.h") and other != room:
                problems.append(f"{name}: includes {include}, which is for {other} alone")
        if re.match(r"(arrow|parquet)/", include) and room not in ARROW_ROOMS:
            base_own = room == "base" and (path.suffix == ".cc" or path.name in ("arrow_status.h", "remote_filesystem.h"))
            if not base_own:
                problems.append(f"{name}: includes {include}, but Arrow stays inside the data tower")


def check_sizes(problems):
    exceptions = {}
    for line in (ROOT / "tools/size_exceptions.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            file, limit = line.split()
            exceptions[file] = int(limit)
    for folder in ("src", "tests"):
        for path in sorted((ROOT / folder).rglob("*")):
            limit = next((n for suffix, n in LIMITS if path.name.endswith(suffix)), None)
            if limit is None:
                continue
            name = str(path.relative_to(ROOT))
            lines = path.read_text(encoding="utf-8").count("\n")
            if lines > exceptions.get(name, limit):
                problems.append(f"{name}: {lines} lines, more than {exceptions.get(name, limit)}: split it by noun")
            if name in exceptions and lines <= limit:
                problems.append(f"{name}: fits now; take it out of tools/size_exceptions.txt")


def main():
    problems = []
    edges = declared_edges()
    for room, wanted in edges.items():
        for other in sorted(wanted - ALLOWED.get(room, set())):
            problems.append(f"src/penstock/CMakeLists.txt: {room} must not depend on {other}")
    for path in sorted(SOURCE.rglob("*")):
        if path.suffix in (".h", ".cc"):
            check_file(path, path.relative_to(SOURCE).parts[0], edges, problems)
    check_sizes(problems)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        sys.exit(1)
    print(f"layers, sizes and header ownership: {len(edges)} rooms in order")


if __name__ == "__main__":
    main()
