#!/usr/bin/env python3
"""Writes one FileDescriptorSet out of the descriptors inside unpacked wheels.

Each *_pb2.py holds its file's serialized descriptor as a bytes literal in a call of
AddSerializedFile. The source is parsed, never imported or run, so field names and
numbers are their owners' and nothing of the wheels is executed.

usage: extract_descriptors.py WHEELS_DIR OUT.binpb [WHEEL=FOLDER ...]
With WHEEL=FOLDER these alone, as a target of the build has them; else SOURCES, as tools/setup.sh does.
"""
import ast
import pathlib
import sys

# Wheel -> folders of its generated files that are wanted.
SOURCES = {
    "tensorflow-metadata": ["tensorflow_metadata/proto"],
    "ml-metadata": ["ml_metadata/proto", "ml_metadata/simple_types"],
    "kfp-pipeline-spec": ["kfp/pipeline_spec"],
    "googleapis-common-protos": ["google/rpc", "google/api"],
    "tensorflow-protobuf": ["tensorflow/core/example"],
    "tensorflow-model-analysis": ["tensorflow_model_analysis/proto"],
}
# protoc knows these itself, but a descriptor set must be closed over its imports.
WELL_KNOWN = ["any", "api", "descriptor", "duration", "empty", "field_mask", "struct", "timestamp", "type", "wrappers",
              "source_context"]


def descriptor_literals(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
                and node.func.attr == "AddSerializedFile" and node.args
                and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, bytes)):
            yield node.args[0].value


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field_strings(message, wanted):
    """The length-delimited fields numbered `wanted` of a serialized message."""
    position = 0

    def read_varint():
        nonlocal position
        shift = value = 0
        while True:
            byte = message[position]
            position += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    while position < len(message):
        key = read_varint()
        if key & 7 == 2:
            size = read_varint()
            if key >> 3 == wanted:
                yield message[position:position + size]
            position += size
        elif key & 7 == 0:
            read_varint()
        else:
            position += 8 if key & 7 == 1 else 4


def well_known_descriptors():
    import subprocess
    import tempfile
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["protoc", "-I/usr/include", f"--descriptor_set_out={out.name}"]
                       + [f"google/protobuf/{name}.proto" for name in WELL_KNOWN], check=True)
        return list(field_strings(pathlib.Path(out.name).read_bytes(), 1))


def main():
    wheels, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    sources = SOURCES
    if len(sys.argv) > 3:
        sources = {}
        for argument in sys.argv[3:]:
            wheel, folder = argument.split("=")
            sources.setdefault(wheel, []).append(folder)
    files = {}
    for serialized in well_known_descriptors():
        files[next(field_strings(serialized, 1)).decode()] = serialized
    for wheel, folders in sources.items():
        for folder in folders:
            for path in sorted((wheels / wheel / folder).rglob("*_pb2.py")):
                for serialized in descriptor_literals(path):
                    files.setdefault(next(field_strings(serialized, 1)).decode(), serialized)
    # protoc wants every import before its importer, and only files whose imports are all here.
    ordered, done = [], set()
    pending = dict(files)
    while pending:
        ready = [name for name, data in pending.items()
                 if all(d.decode() in done for d in field_strings(data, 3))]
        if not ready:
            break
        for name in sorted(ready):
            ordered.append(pending.pop(name))
            done.add(name)
    # What is left imports something that no wheel has. Nothing of ours asks for it, or protoc will say so.
    out.write_bytes(b"".join(b"\n" + varint(len(d)) + d for d in ordered))


if __name__ == "__main__":
    main()
