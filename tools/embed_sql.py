#!/usr/bin/env python3
"""Writes a C++ header that holds the named statements of .sql files as string constants.

A statement begins with a line `-- name: select_type`, becomes `kSelectType`, and ends where
the next one begins; other lines that are only a comment are left out.
"""
import argparse
import pathlib
import re
import sys

NAME = re.compile(r"-- name: ([a-z][a-z0-9_]*)$")


def statements(path):
    name, lines = None, []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = NAME.match(line)
        if match:
            if name:
                yield name, lines
            name, lines = match.group(1), []
        elif line.strip() and not line.lstrip().startswith("--"):
            if name is None:
                sys.exit(f"{path}:{number}: a statement without a line '-- name: ...' before it")
            lines.append(line)
    if name:
        yield name, lines


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--output", required=True, type=pathlib.Path)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    seen = {}
    header = ["// Made by tools/embed_sql.py; do not edit.", "#pragma once", "", "#include <string_view>", "",
              f"namespace {arguments.namespace} {{"]
    for path in arguments.files:
        header += ["", f"// {path.name}"]
        for name, lines in statements(path):
            if not lines:
                sys.exit(f"{path}: the statement '{name}' is empty")
            if name in seen:
                sys.exit(f"{path}: the statement '{name}' is in {seen[name]} already")
            seen[name] = path
            text = "\n".join(lines)
            constant = "k" + "".join(part.capitalize() for part in name.split("_"))
            header.append(f'inline constexpr std::string_view {constant} = R"sql({text})sql";')
    header += ["", f"}}  // namespace {arguments.namespace}", ""]
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text("\n".join(header), encoding="utf-8")


if __name__ == "__main__":
    main()
