#!/usr/bin/env python3
"""Runs recorded cases of TensorFlow Transform through `penstock transform apply` and compares.

run.py CASES_DIR [--penstock FILE] [--case NAME] [--keep DIR]

CASES_DIR holds case_NNN_* folders and compare.py (conformance/tft/README.md says what they are). Exit code 0
where every case agrees, but those of unsupported.json, which must not; 1 else; 77 where there are no cases.
"""

import argparse
import base64
import importlib.util
import json
import math
import os
import re
import struct
import subprocess
import sys
import tempfile

from spec_to_yaml import Converter, Unsupported

HERE = os.path.dirname(os.path.abspath(__file__))
SPECIAL = {'NaN': float('nan'), 'Infinity': float('inf'), '-Infinity': float('-inf')}


def crc32c_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


CRC_TABLE = crc32c_table()


def masked_crc(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def flatten(value):
    if value is None:
        return []
    if not isinstance(value, list):
        return [value]
    return [entry for part in value for entry in flatten(part)]


def to_bytes(value):
    return base64.b64decode(value['b64']) if isinstance(value, dict) else value.encode('utf-8')


def example(row, features):
    """A tf.Example's bytes."""
    entries = b''
    for name, kind in sorted(features.items()):
        values = flatten(row.get(name))
        if not values:
            continue
        if kind == 's':
            feature = field(1, b''.join(field(1, to_bytes(value)) for value in values))
        elif kind == 'f':
            numbers = [SPECIAL.get(value, value) if isinstance(value, str) else value for value in values]
            packed = b''.join(to_float(number) for number in numbers)
            feature = field(2, field(1, packed))
        else:
            feature = field(3, field(1, b''.join(varint(value) for value in values)))
        entries += field(1, field(1, name.encode('utf-8')) + field(2, feature))
    return field(1, entries)


def to_float(number):
    try:
        return struct.pack('<f', number)
    except OverflowError:
        return struct.pack('<f', float('inf') if number > 0 else float('-inf'))


def write_tfrecord(path, rows, features):
    with open(path, 'wb') as file:
        for row in rows:
            # Named in every one, so that a row without any value is a row.
            data = example({**row, '_row': 0}, {**features, '_row': 'i'})
            length = struct.pack('<Q', len(data))
            file.write(length + struct.pack('<I', masked_crc(length)))
            file.write(data + struct.pack('<I', masked_crc(data)))


def write_schema(path, converter):
    types = {'f': 'FLOAT', 'i': 'INT', 's': 'BYTES'}
    with open(path, 'w', encoding='utf-8') as file:
        file.write('feature { name: "_row" type: INT shape {} }\n')
        for name, kind in converter.spec['features'].items():
            shape = 'shape {}' if converter.is_scalar[name] else 'value_count { min: 0 max: 1000000 }'
            file.write('feature { name: %s type: %s %s }\n' % (json.dumps(name), types[kind[0]], shape))


def read_lines(path):
    with open(path, encoding='utf-8') as file:
        return [json.loads(line) for line in file.read().split('\n') if line]


def present(value):
    """Without the places in lists that hold nothing; bytes as compare.py has them."""
    if isinstance(value, list):
        return [present(entry) for entry in value if entry is not None]
    if isinstance(value, float):
        if value != value:
            return 'NaN'
        if value in (float('inf'), float('-inf')):
            return 'Infinity' if value > 0 else '-Infinity'
    if isinstance(value, str):
        data = value.encode('utf-8', 'surrogateescape')
        try:
            data.decode('utf-8')
        except UnicodeDecodeError:
            return {'b64': base64.b64encode(data).decode()}
    return value


def shaped(node, spec, value):
    """The shape that TFT's tensor has, of what is a flat list here."""
    while 'ref' in node:
        node = spec['let'][node['ref']]
    function = node.get('fn', '').split('.')[-1]
    args = node.get('args', {})
    if function in ('cast', 'per_row', 'set_shape'):
        return shaped(args['x'], spec, value)
    if function == 'quantiles':
        size = args['num_buckets'] - 1
        return [value[at:at + size] for at in range(0, len(value), size)]
    if function in ('covariance', 'pca'):
        size = int(round(len(value) ** 0.5)) if function == 'covariance' else args['output_dim']
        return [value[at:at + size] for at in range(0, len(value), size)] if size else []
    return value


def nested(values, shape):
    """A flat list in the shape that TFT's tensor has."""
    if len(shape) < 2 or not isinstance(values, list) or None in shape:
        return values
    size = len(values) // shape[0]
    return [nested(values[at * size:(at + 1) * size], shape[1:]) for at in range(shape[0])]


def shapes_of(case):
    """The shapes of TFT's analyzer results: ours are flat lists."""
    path = os.path.join(case, 'expected_analysis.json')
    if not os.path.exists(path):
        return {}
    with open(path, encoding='utf-8') as file:
        named = json.load(file).get('named', {})
    return {name: entry.get('shape') or [] for name, entry in named.items() if isinstance(entry, dict)}


def analysis_of(report, converter, shapes):
    """The program's analysis.json in the form that compare.py takes."""
    spec = converter.spec
    named = {}
    for name, expressions in converter.summaries().items():
        node = spec['analysis'][name]
        if len(expressions) == 1:
            value = report['named'][name]['value']
            shape = shapes.get(name, [])
            fits = isinstance(value, list) and len(shape) > 1 and len(value) == math.prod(shape)
            named[name] = {'value': nested(value, shape) if fits else shaped(node, spec, value)}
            continue
        parts = [report['named']['%s.%d' % (name, place)]['value'] for place in (0, 1)]
        if node['fn'].endswith('histogram') and not node['args'].get('categorical'):
            parts[1] = [parts[1]]
        named[name] = [{'value': part} for part in parts]
    vocabularies = dict(report['vocabularies'])
    for name in list(vocabularies):
        vocabularies.setdefault(name + '.tfrecord.gz', vocabularies[name])
    return {'named': named, 'vocabularies': vocabularies}


class Runner:
    def __init__(self, arguments):
        self.penstock = arguments.penstock
        self.keep = arguments.keep
        path = os.path.join(arguments.cases, 'compare.py')
        if not os.path.exists(path):
            path = arguments.compare
        module = importlib.util.spec_from_file_location('compare', path)
        self.comparison = importlib.util.module_from_spec(module)
        module.loader.exec_module(self.comparison)

    def run(self, case):
        """What is wrong with a case, in lines; none where it agrees."""
        if self.keep:
            folder = os.path.join(self.keep, os.path.basename(case))
            os.makedirs(folder, exist_ok=True)
            return self.run_in(folder, case)
        with tempfile.TemporaryDirectory() as folder:
            return self.run_in(folder, case)

    def run_in(self, folder, case):
        converter = Converter(case)
        try:
            yaml = converter.yaml()
        except Unsupported as error:
            return ['there is no %s' % error]
        at = lambda name: os.path.join(folder, name)
        with open(at('features.yaml'), 'w', encoding='utf-8') as file:
            file.write(yaml)
        write_schema(at('schema.pbtxt'), converter)
        features = {name: kind[0] for name, kind in converter.spec['features'].items()}
        rows = read_lines(os.path.join(case, 'input.jsonl'))
        num_batches = max(1, converter.spec.get('analyze_batches', 1))
        inputs = []
        for batch in range(num_batches):
            inputs.append(at('input-%05d.tfrecord' % batch))
            begin, end = batch * len(rows) // num_batches, (batch + 1) * len(rows) // num_batches
            write_tfrecord(inputs[-1], rows[begin:end], features)
        command = [self.penstock, 'transform', 'apply', at('features.yaml'), '--data'] + inputs
        command += ['--schema', at('schema.pbtxt'), '--format', 'jsonl', '-o', at('out')]
        apart = os.path.join(case, 'transform_input.jsonl')
        if os.path.exists(apart):
            write_tfrecord(at('transform.tfrecord'), read_lines(apart), features)
            command += ['--transform-data', at('transform.tfrecord')]
        done = subprocess.run(command, capture_output=True, check=False)
        said = done.stderr.decode('utf-8', 'replace').strip()
        if converter.spec['expect'] != 'ok':
            return self.compare_error(case, done.returncode, os.path.exists(at('out/analysis.json')), said)
        if done.returncode != 0:
            return ['exit code %d: %s' % (done.returncode, said[-600:])]
        return self.compare(case, folder, converter)

    def compare_error(self, case, code, is_analyzed, said):
        with open(os.path.join(case, 'expected_error.json'), encoding='utf-8') as file:
            phase = json.load(file)['phase']
        if code != 2:
            return ['should fail in %s, but the exit code is %d: %s' % (phase, code, said[-300:])]
        actual = 'transform' if is_analyzed else 'analyze'
        return [] if actual == phase else ['should fail in %s, but did in %s: %s' % (phase, actual, said[-300:])]

    def compare(self, case, folder, converter):
        actual = os.path.join(folder, 'actual.jsonl')
        outputs = converter.spec['outputs']
        path = os.path.join(folder, 'out', 'transformed.jsonl')
        lines = []
        if os.path.exists(path):
            with open(path, encoding='utf-8', errors='surrogateescape') as file:
                for line in file.read().split('\n'):
                    if line:
                        row = json.loads(line)
                        lines.append({name: nested(present(row.get(name, [])), converter.shape_of(name))
                                      for name in outputs})
        if not outputs:
            # TFT gives an empty object for every row.
            lines = [{} for _ in read_lines(os.path.join(case, 'expected.jsonl'))]
        with open(actual, 'w', encoding='utf-8') as file:
            file.write(''.join(json.dumps(line) + '\n' for line in lines))
        with open(os.path.join(folder, 'out', 'analysis.json'), encoding='utf-8') as file:
            analysis = analysis_of(json.load(file), converter, shapes_of(case))
        analysis_path = os.path.join(folder, 'actual_analysis.json')
        with open(analysis_path, 'w', encoding='utf-8') as file:
            json.dump(analysis, file)
        differences = self.comparison.compare(case, actual, analysis_path)
        return ['%s: expected %s, got %s' % (place, json.dumps(wanted)[:200], json.dumps(got)[:200])
                for place, wanted, got in differences]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('cases')
    parser.add_argument('--penstock', default=os.path.join(HERE, '../../../build/release/bin/penstock'))
    parser.add_argument('--case', default='', help='only those whose name holds this')
    parser.add_argument('--keep', help='a folder for what is made of each case')
    parser.add_argument('--compare', help='compare.py, where CASES_DIR has none')
    arguments = parser.parse_args()
    if not os.path.isdir(arguments.cases) or (arguments.compare and not os.path.exists(arguments.compare)):
        print('SKIPPED: no recorded cases at', arguments.cases, 'or no compare.py')
        return 77
    with open(os.path.join(HERE, 'unsupported.json'), encoding='utf-8') as file:
        unsupported = json.load(file)
    runner = Runner(arguments)
    names = sorted(name for name in os.listdir(arguments.cases)
                   if re.match('case_', name) and arguments.case in name)
    num_bad = num_unsupported = 0
    for name in names:
        try:
            wrong = runner.run(os.path.join(arguments.cases, name))
        except Exception as error:  # A case of a form not known must not hide the others.
            wrong = ['%s: %s' % (type(error).__name__, error)]
        if name in unsupported:
            num_unsupported += 1
            if not wrong:
                num_bad += 1
                print('%s: agrees now; take it out of unsupported.json' % name)
        elif wrong:
            num_bad += 1
            print('%s: %d differences' % (name, len(wrong)))
            for line in wrong[:5]:
                print('   ', line)
    print('%d cases: %d agree, %d unsupported, %d bad' %
          (len(names), len(names) - num_bad - num_unsupported, num_unsupported, num_bad))
    return 1 if num_bad or not names else 0


if __name__ == '__main__':
    sys.exit(main())
