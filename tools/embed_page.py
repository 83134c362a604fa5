#!/usr/bin/env python3
"""Writes the C++ source of PageTemplate(), which returns the text of an HTML file.

    embed_page.py PAGE.html SOURCE.cc
"""
import pathlib
import sys

PIECE = 60_000  # Characters of one literal; compilers bound its length.
DELIMITER = "penstock"


def main():
    page, source = map(pathlib.Path, sys.argv[1:])
    text = page.read_text(encoding="utf-8")
    if f"){DELIMITER}\"" in text:
        sys.exit(f"{page}: holds the delimiter of the literals, ){DELIMITER}\"")
    pieces = [text[at:at + PIECE] for at in range(0, len(text), PIECE)] or [""]
    literals = "\n".join(f'    R"{DELIMITER}({piece}){DELIMITER}"' for piece in pieces)
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(
        "// Made by tools/embed_page.py; do not edit.\n#include \"penstock/pages/page_template.h\"\n\n"
        f"namespace penstock::pages {{\n\nstd::string_view PageTemplate() {{\n  static constexpr char kPage[] =\n"
        f"{literals};\n  return {{kPage, sizeof(kPage) - 1}};\n}}\n\n}}  // namespace penstock::pages\n",
        encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
