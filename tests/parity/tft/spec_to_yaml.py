#!/usr/bin/env python3
"""Turns a recorded case's spec.json into a features file of Penstock.

spec_to_yaml.py CASE_DIR prints it. What a case's expressions are, conformance/tft/README.md says.
"""

import json
import os
import re
import sys


class Unsupported(Exception):
    """A function that features files do not have."""


UNARY = {
    'log', 'log1p', 'exp', 'expm1', 'sqrt', 'sigmoid', 'tanh', 'sin', 'cos', 'tan', 'erf', 'sign', 'abs',
    'is_nan', 'is_inf', 'is_finite', 'floor', 'ceil', 'round',
}
BINARY = {
    'add': '+', 'subtract': '-', 'multiply': '*', 'divide': '/', 'truediv': '/', 'floormod': '%', 'mod': '%',
    'equal': '==', 'not_equal': '!=', 'greater': '>', 'greater_equal': '>=', 'less': '<', 'less_equal': '<=',
    'logical_and': 'and', 'logical_or': 'or', 'logical_xor': '!=',
}
# By the last word of the name, where Penstock's is another.
RENAMED = {
    'approximate_vocabulary': 'vocabulary',
    'compute_and_apply_approximate_vocabulary': 'compute_and_apply_vocabulary',
    'min': 'minimum', 'max': 'maximum', 'deduplicate_tensor_per_row': 'deduplicate',
    'get_num_buckets_for_transformed_feature': 'num_buckets', 'sparse_tensor_left_align': 'left_align',
    'string_split': 'split_any', 'unicode_split': 'characters', 'clip_by_value': 'clip', 'argmax': 'list_argmax',
    'argmin': 'list_argmin', 'reduce_sum': 'list_sum', 'reduce_mean': 'list_mean', 'reduce_min': 'list_minimum',
    'reduce_max': 'list_maximum', 'reduce_prod': 'list_product',
}
PLAIN = {
    'scale_to_z_score', 'scale_to_z_score_per_key', 'scale_to_0_1', 'scale_to_0_1_per_key', 'scale_by_min_max',
    'scale_by_min_max_per_key', 'scale_to_gaussian', 'mean', 'var', 'sum', 'size', 'minimum', 'maximum',
    'tukey_location', 'tukey_scale', 'count_per_key', 'bucketize', 'bucketize_per_key', 'quantiles', 'apply_buckets',
    'apply_buckets_with_interpolation', 'estimated_probability_density', 'idf', 'document_frequency', 'ngrams',
    'bag_of_words', 'word_count', 'deduplicate', 'segment_indices', 'left_align', 'num_buckets', 'hash_strings',
    'one_hot', 'matmul', 'clip', 'lower', 'upper', 'strip', 'length', 'substr', 'regex_replace',
    'regex_full_match', 'as_string', 'split', 'split_any', 'bytes_split', 'characters', 'reduce_join',
}
LIST_REDUCTIONS = {'list_sum', 'list_mean', 'list_minimum', 'list_maximum', 'list_argmax', 'list_argmin', 'list_product'}
# Arguments that change nothing here.
IGNORED = {'name', 'input_encoding', 'axis', 'keepdims', 'result_type', 'output_type'}
SMALL_INTEGERS = {'uint8': (0, 256), 'int8': (128, 256), 'uint16': (0, 65536), 'int16': (32768, 65536)}
VOCABULARY_DEFAULTS = ('default_value', 'num_oov_buckets')
CASTS = {'float32': 'float32', 'float64': 'float', 'int32': 'int32', 'int64': 'int', 'bool': 'bool'}
INTEGER_FUNCTIONS = {
    'bucketize', 'bucketize_per_key', 'apply_buckets', 'compute_and_apply_vocabulary', 'apply_vocabulary',
    'hash_strings', 'word_count', 'length', 'size', 'argmax', 'argmin', 'to_hash_bucket_fast',
    'to_hash_bucket_strong',
}


def text(value):
    escaped = value.replace('\\', '\\\\').replace("'", "\\'").replace('\n', '\\n').replace('\t', '\\t')
    return "'%s'" % escaped


def literal(value, is_float=False):
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, str):
        words = {'Infinity': 'inf', '-Infinity': '-inf', 'NaN': 'nan'}
        return words[value] if is_float and value in words else text(value)
    if isinstance(value, list):
        while value and isinstance(value[0], list):
            value = value[0]
        return '[%s]' % ', '.join(literal(entry, is_float) for entry in value)
    if is_float and isinstance(value, int):
        value = float(value)
    return repr(value)


def taxi_utils():
    """What preprocessing_fn of TFX's taxi example computes, as a case's outputs."""
    call = lambda fn, **args: {'fn': fn, 'args': args}
    filled = lambda name, default: call('x.fill_missing', x={'input': name}, default_value=default, squeeze=False)
    outputs = {}
    for name in ('trip_miles', 'fare', 'trip_seconds'):
        outputs[name] = call('tft.scale_to_z_score', x=filled(name, 0))
    for name in ('payment_type', 'company'):
        outputs[name] = call('tft.compute_and_apply_vocabulary', x=filled(name, ''), top_k=1000, num_oov_buckets=10)
    for name in ('pickup_latitude', 'pickup_longitude', 'dropoff_latitude', 'dropoff_longitude'):
        outputs[name] = call('tft.bucketize', x=filled(name, 0), num_buckets=10)
    for name in ('trip_start_hour', 'trip_start_day', 'trip_start_month', 'pickup_census_tract',
                 'dropoff_census_tract', 'pickup_community_area', 'dropoff_community_area'):
        outputs[name] = filled(name, 0)
    fare, tips = filled('fare', 0), filled('tips', 0)
    share = call('tf.math.multiply', x=fare, y={'const': 0.2, 'dtype': 'float32'})
    whole = lambda x: call('tf.cast', x=x, dtype={'dtype': 'int64'})
    outputs['tips'] = call('tf.where', condition=call('tf.math.is_nan', x=fare),
                           x=whole(call('tf.zeros_like', input=tips)),
                           y=whole(call('tf.math.greater', x=tips, y=share)))
    return {name + '_xf': output for name, output in outputs.items()}


class Converter:
    def __init__(self, case):
        with open(os.path.join(case, 'spec.json'), encoding='utf-8') as file:
            self.spec = json.load(file)
        for part in ('let', 'outputs', 'analysis'):
            self.spec[part] = self.spec.get(part) or {}
        if not self.spec['outputs'] and 'taxi' in os.path.basename(os.path.normpath(case)):
            self.spec['outputs'] = taxi_utils()
        self.is_scalar, self.is_dense = {}, {}
        with open(os.path.join(case, 'schema.pbtxt'), encoding='utf-8') as file:
            self.read_schema(file.read())
        self.num_vocabularies = {}
        self.names = {}

    def read_schema(self, schema):
        """Which columns are one value an example, and which are dense lists."""
        for feature in re.split(r'(?m)^feature\s*{', schema)[1:]:
            name = re.search(r'name:\s*"([^"]*)"', feature).group(1)
            shape = re.search(r'(?m)^\s*shape\s*{', feature)
            self.is_dense[name] = shape is not None
            self.is_scalar[name] = shape is not None and not re.search(r'dim\s*{', feature)

    def dtype(self, node):
        if not isinstance(node, dict):
            return 's' if isinstance(node, str) else 'i' if isinstance(node, int) else 'f'
        if 'input' in node:
            return self.spec['features'].get(node['input'], 'f')[0]
        if 'ref' in node:
            return self.dtype(self.spec['let'][node['ref']])
        if 'const' in node:
            return node['dtype'][0]
        if 'of' in node:
            return 'f'
        name = node['fn'].split('.')[-1]
        if name == 'cast':
            return node['args']['dtype']['dtype'].lstrip('u')[0]
        if name in INTEGER_FUNCTIONS:
            return 'i'
        if '.strings.' in node['fn'] and name not in ('to_number',):
            return 's'
        for key in ('x', 'input', 'values', 't', 'a', 'tokens', 'input_tensor'):
            if key in node['args']:
                inner = node['args'][key]
                return self.dtype(inner[0] if isinstance(inner, list) else inner)
        return 'f'

    def is_sparse(self, node):
        if 'input' in node:
            return not self.is_dense.get(node['input'], False)
        if 'ref' in node:
            return self.is_sparse(self.spec['let'][node['ref']])
        return True

    def shape_of(self, name):
        """Of an output, where the case says it."""
        return (self.spec.get('outputs_info') or {}).get(name, {}).get('shape') or []

    def is_vector(self, node):
        name = node.get('input')
        return self.is_dense.get(name, False) and not self.is_scalar[name]

    def convert(self, node, is_operand=False):
        if not isinstance(node, dict):
            return literal(node)
        if 'input' in node:
            return '`%s`' % node['input']
        if 'ref' in node:
            return self.convert(self.spec['let'][node['ref']])
        if 'const' in node:
            is_float = node['dtype'].startswith('float')
            value = node['const']
            if isinstance(value, list) and is_operand:
                return 'list(%s)' % literal(value, is_float)[1:-1]
            if is_float and value in ('Infinity', '-Infinity', 'NaN'):
                return {'Infinity': '(1.0 / 0.0)', '-Infinity': '(-1.0 / 0.0)', 'NaN': '(0.0 / 0.0)'}[value]
            return literal(value, is_float)
        if 'dtype' in node:
            return text(node['dtype'])
        if 'named_fn' in node:
            if node['named_fn'] != 'prefix_before_underscore':
                raise Unsupported('key_fn ' + node['named_fn'])
            return text('[^_]*')
        if 'of' in node:
            return self.item(node['of'], node['item'])
        return self.call(node, node['fn'], dict(node['args']))

    def item(self, node, place):
        """The place-th of what a function that gives several gives."""
        if 'ref' in node:
            return self.item(self.spec['let'][node['ref']], place)
        name = node['fn'].split('.')[-1]
        args = dict(node['args'])
        names = {'tukey_h_params': ('tukey_left', 'tukey_right'),
                 'histogram': ('histogram', 'histogram_boundaries'),
                 'count_per_key': ('distinct_keys', 'count_per_key'),
                 'tfidf': ('tfidf_terms', 'tfidf')}
        if name not in names:
            raise Unsupported('item of ' + node['fn'])
        return self.plain(names[name][place], args)

    def plain(self, name, args):
        shown = []
        for key, value in args.items():
            if key in IGNORED or value is None:
                continue
            shown.append('%s=%s' % (key, self.convert(value)))
        return '%s(%s)' % (name, ', '.join(shown))

    def call(self, node, full, args):
        if full == 'tft.estimated_probability_density' and self.is_vector(args['x']):
            return 'list(%s)' % self.plain('estimated_probability_density',
                                           {**args, 'x': {'fn': 'tf.squeeze', 'args': {'input': args['x']}}})
        name = RENAMED.get(full.split('.')[-1], full.split('.')[-1])
        if full.startswith('x.'):
            return self.helper(name, args)
        if name in ('compute_and_apply_vocabulary', 'vocabulary', 'apply_vocabulary'):
            return self.vocabulary(node, name, args)
        if name in ('covariance', 'pca'):
            is_wide = args.pop('dtype', {}).get('dtype') == 'float64'
            if is_wide:
                args['x'] = {'fn': 'tf.cast', 'args': {'x': args['x'], 'dtype': {'dtype': 'float64'}}}
            return self.plain(name, args)
        if full.startswith('tf.'):
            special = self.tensorflow(full.split('.')[-1], full, args)
            if special is not None:
                return special
        if name == 'sparse_tensor_to_dense_with_shape':
            if args['shape'][-1] is None:
                raise Unsupported('a shape that depends on the batch')
            # Of text too the default is 0, which fails there as here.
            filler = self.convert(args.get('default_value', 0))
            return 'pad(%s, %d, %s)' % (self.convert(args['x']), args['shape'][-1], filler)
        if name not in PLAIN and name not in LIST_REDUCTIONS:
            raise Unsupported(full)
        if name in LIST_REDUCTIONS:
            values = self.convert(args.get('input_tensor', args.get('input')))
            call = '%s(%s)' % (name, values)
            if name == 'list_mean' and self.dtype(args.get('input_tensor', args.get('input'))) == 'i':
                call = 'int(%s)' % call  # There the mean of integers is one, rounded towards 0.
            return 'list(%s)' % call if args.get('keepdims') else call
        return self.plain(name, args)

    def tensorflow(self, name, full, args):
        """What stands for a function of TensorFlow's; None where that is called the same."""
        first = next((args[key] for key in ('x', 'input', 't', 'features', 'input_tensor') if key in args), None)
        both = lambda: (self.convert(args['x'], True), self.convert(args['y'], True))
        if name == 'cast' and args['dtype']['dtype'] in SMALL_INTEGERS:
            below, size = SMALL_INTEGERS[args['dtype']['dtype']]
            return '((int(%s) + %d) %% %d - %d)' % (self.convert(first), below, size, below)
        if name == 'cast':
            return '%s(%s)' % (CASTS.get(args['dtype']['dtype'], 'int'), self.convert(first))
        if name in ('where', 'where_v2'):
            return 'if(%s, %s, %s)' % tuple(self.convert(args[key]) for key in ('condition', 'x', 'y'))
        if name == 'sign' and self.dtype(first) == 'i':
            return 'int(sign(%s))' % self.convert(first)
        if name == 'pow' and self.dtype(first) == 'i':
            return 'int(pow(%s, %s))' % both()
        if name == 'one_hot':
            return self.one_hot(args)
        if name in ('reduce_any', 'reduce_all'):
            reduction = 'list_maximum' if name == 'reduce_any' else 'list_minimum'
            return '(%s(int(%s)) > 0)' % (reduction, self.convert(first))
        if name in ('reduce_variance', 'reduce_std'):
            inner = self.convert(first)
            apart = '(%s - list_mean(%s))' % (inner, inner)
            variance = 'list_mean(%s * %s)' % (apart, apart)
            result = variance if name == 'reduce_variance' else 'sqrt(%s)' % variance
            return 'list(%s)' % result if args.get('keepdims') else result
        if name in UNARY or name == 'rint':
            return '%s(%s)' % ('round' if name == 'rint' else name, self.convert(first))
        if name in BINARY:
            return '(%s %s %s)' % (both()[0], BINARY[name], both()[1])
        if name in ('maximum', 'minimum', 'pow', 'floordiv'):
            short = {'maximum': 'max', 'minimum': 'min', 'floordiv': 'floor_divide'}.get(name, name)
            return '%s(%s, %s)' % ((short,) + both())
        if name == 'divide_no_nan':
            x, y = both()
            return 'if(%s == 0.0, 0.0, %s / %s)' % (y, x, y)
        formulas = {'negative': '(-%s)', 'logical_not': '(not %s)', 'square': '(%s * %s)', 'rsqrt': '(1.0 / sqrt(%s))',
                    'reciprocal': '(1.0 / %s)', 'softplus': 'log1p(exp(%s))', 'relu': 'max(%s, 0.0)',
                    'identity': '%s', 'squeeze': 'only(%s)', 'expand_dims': 'list(%s)'}
        if name in formulas:
            inner = self.convert(first)
            return formulas[name].replace('%s', inner)
        if name == 'squared_difference':
            return '((%s - %s) * (%s - %s))' % (both() + both())
        if name in ('zeros_like', 'ones_like'):
            inner, kind = self.convert(first), self.dtype(first)
            value = {'f': '%d.0', 's': "''"}.get(kind, '%d').replace('%d', '0' if name == 'zeros_like' else '1')
            return 'if(%s == %s, %s, %s)' % (inner, inner, value, value)
        if name in ('concat', 'stack'):
            values = ', '.join(self.convert(value) for value in args['values'])
            return '%s(%s)' % ('concat' if name == 'concat' else 'list', values)
        if name == 'join':
            values = ', '.join(self.convert(value) for value in args['inputs'])
            return 'join([%s], separator=%s)' % (values, literal(args.get('separator', '')))
        if name == 'to_number':
            kind = args.get('out_type', {}).get('dtype', 'float32')
            return 'to_number(%s, %s)' % (self.convert(first), text(kind))
        if name in ('to_hash_bucket_fast', 'to_hash_bucket_strong'):
            call = {'strings': first, 'hash_buckets': args['num_buckets']}
            if 'key' in args:
                call['key'] = args['key']
            return self.plain('hash_strings', call)
        if name == 'reshape':
            inner = self.convert(args['tensor'])
            return 'list(%s)' % inner if args['shape'] == [-1, 1] else 'only(%s)' % inner
        return None

    def one_hot(self, args):
        hot = 'one_hot(%s, %s)' % (self.convert(args['indices']), self.convert(args['depth']))
        given = ['%s=%s' % (key, literal(args[key], True)) for key in ('on_value', 'off_value') if key in args]
        hot = hot[:-1] + ''.join(', ' + value for value in given) + ')'
        kind = args.get('dtype', {}).get('dtype')
        return hot if kind in (None, 'float32') else '%s(%s)' % (CASTS.get(kind, 'int'), hot)

    def helper(self, name, args):
        x = self.convert(args['x']) if 'x' in args else ''
        if name == 'fill_missing':
            # As taxi_utils: what is dense stays as it is.
            if not self.is_sparse(args['x']):
                return x
            filled = 'impute(only(%s), %s)' % (x, literal(args['default_value'], self.dtype(args['x']) == 'f'))
            return filled if args.get('squeeze', True) else 'list(%s)' % filled
        if name == 'drop_first_col_sparse':
            return 'drop_first(%s)' % x
        if name == 'segment_indices_of_rows':
            return 'position(%s)' % x
        if name == 'vocab_size_by_name':
            return self.vocabulary_by_name(next(value for value in args.values() if isinstance(value, str)))
        if name in ('values', 'per_row', 'set_shape', 'ragged_to_sparse'):
            return x
        raise Unsupported('x.' + name)

    def vocabulary(self, node, name, args):
        if name == 'apply_vocabulary':
            tokens = self.convert(args.pop('x'))
            stored = args['deferred_vocab_filename_tensor']
            stored = self.spec['let'][stored['ref']] if 'ref' in stored else stored
            if stored.get('args', {}).get('store_frequency') and stored['args'].get('file_format') != 'tfrecord_gzip':
                # TFT looks whole lines up, "3 token": no token is one.
                tokens = "join([%s, '\\n'])" % tokens
            vocabulary = self.convert(args.pop('deferred_vocab_filename_tensor'))
            shown = ''.join(', %s=%s' % (key, self.convert(value)) for key, value in args.items())
            return 'apply_vocabulary(%s, %s%s)' % (tokens, vocabulary, shown)
        scope = self.scope(node, name)
        if args.get('vocab_filename') is None:
            args['vocab_filename'] = ('vocab_frequency_' if args.get('store_frequency') else 'vocab_') + scope
        if 'min_diff_from_avg' in args and args['min_diff_from_avg'] is None:
            args['min_diff_from_avg'] = -1
        return self.plain(name, args)

    def scope(self, node, name):
        """What TFT names the call's scope, and after it a file without a name: numbered from the second on."""
        if id(node) not in self.names:
            number = self.num_vocabularies.get(name, 0)
            self.num_vocabularies[name] = number + 1
            scope = name if number == 0 else '%s_%d' % (name, number)
            self.names[id(node)] = scope + ('_vocabulary' if name == 'compute_and_apply_vocabulary' else '')
        return self.names[id(node)]

    def vocabulary_by_name(self, file_name):
        def find(node):
            if isinstance(node, dict):
                args = node.get('args', {})
                if args.get('vocab_filename') == file_name and 'fn' in node:
                    return node
                node = list(node.values())
            for entry in node if isinstance(node, list) else []:
                found = find(entry)
                if found is not None:
                    return found
            return None

        node = find([self.spec['let'], self.spec['outputs'], self.spec['analysis']])
        if node is None:
            raise Unsupported('a vocabulary named ' + file_name)
        args = {key: value for key, value in node['args'].items() if key not in VOCABULARY_DEFAULTS}
        if 'labels' in args and not node['fn'].endswith('.vocabulary'):
            args.setdefault('min_diff_from_avg', 0.0)
        return self.plain('vocabulary', args)

    def summaries(self):
        """The analysis expressions: name to a list of expressions, more than one for a tuple."""
        named = {}
        for name, node in self.spec['analysis'].items():
            function = node.get('fn', '').split('.')[-1]
            is_tuple = function in ('histogram', 'tukey_h_params') or (
                function == 'count_per_key' and node['args'].get('key_vocabulary_filename') is None)
            named[name] = ([self.item(node, place) for place in (0, 1)] if is_tuple else [self.convert(node)])
        return named

    def yaml(self):
        quoted = lambda expression: json.dumps(expression, ensure_ascii=False)
        lines = ['compat: tft', 'outputs: any']
        outputs = {name: self.convert(node) for name, node in self.spec['outputs'].items()}
        if outputs:
            lines += ['features:'] + ['  %s: %s' % (name, quoted(value)) for name, value in outputs.items()]
        summaries = self.summaries()
        if summaries:
            lines.append('summaries:')
            for name, expressions in summaries.items():
                for place, expression in enumerate(expressions):
                    shown = name if len(expressions) == 1 else '%s.%d' % (name, place)
                    lines.append('  %s: %s' % (shown, quoted(expression)))
        return '\n'.join(lines) + '\n'


if __name__ == '__main__':
    sys.stdout.write(Converter(sys.argv[1]).yaml())
