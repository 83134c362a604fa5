"""Loads every kfp/*.yaml with the kfp SDK and compiles a pipeline of them beside a Python component.

    python kfp_components.py FOLDER_OF_COMPONENTS OUTPUT.yaml
"""
import pathlib
import sys

from kfp import compiler, components, dsl

folder, output = sys.argv[1:3]
loaded = {path.stem: components.load_component_from_file(str(path)) for path in sorted(pathlib.Path(folder).glob('*.yaml'))}
assert {'example-gen', 'statistics-gen', 'schema-gen', 'trainer', 'evaluator', 'pusher'} <= set(loaded), sorted(loaded)


@dsl.component
def path_of(name: str) -> str:
    return name + '.csv'


@dsl.pipeline(name='mixed')
def mixed(name: str = 'taxi'):
    examples = loaded['example-gen'](input=path_of(name=name).output)
    statistics = loaded['statistics-gen'](examples=examples.outputs['examples'])
    loaded['schema-gen'](statistics=statistics.outputs['statistics'])


compiler.Compiler().compile(mixed, output)
text = pathlib.Path(output).read_text()
assert 'penstock' in text and 'statistics-gen' in text, text
print('loaded', len(loaded))
