#!/usr/bin/env python3
"""Compiles pipelines of every form the kfp SDK has and runs them with `penstock run`.

    .deps/kfp_client/bin/python tests/parity/kfp/forms.py --penstock build/release/bin/penstock [--only NAME ...]

Beside what cases.json shows: each form states what KFP's backend makes of it. Exit code 0 when all hold.
"""
import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile
import threading
import traceback
import warnings
from typing import Dict, List, NamedTuple, Optional

warnings.filterwarnings("ignore")
from kfp import compiler, components, dsl  # noqa: E402
from kfp.dsl import (Artifact, Dataset, Input, Metrics, Model, Output, OutputPath,  # noqa: E402
                     InputPath, PipelineTaskFinalStatus)

try:
    from kfp import kubernetes
except ImportError:
    kubernetes = None  # A package of its own, kfp-kubernetes.

FORMS = {}
COMPILING = threading.Lock()  # The SDK compiles one pipeline at a time.
# Forms that do not come out as in KFP, with the reason. One here that passes is an error.
UNSUPPORTED = {"task_config_passed_on": "a parameter of type TaskConfig gets no value: there is no pod whose settings it would hold"}


class Form:
    def __init__(self, make, check, arguments, code):
        self.make, self.check, self.arguments, self.code = make, check, arguments, code


def names_of(code):
    """Of everything a function's body mentions, bodies inside it too."""
    names = list(code.co_names)
    for constant in code.co_consts:
        if hasattr(constant, "co_names"):
            names += names_of(constant)
    return names


def form(check, code=0, **arguments):
    """A function that makes a pipeline, and what must hold of the report of its run."""
    def register(make):
        if kubernetes is None and "kubernetes" in names_of(make.__code__):
            return make
        FORMS[make.__name__] = Form(make, check, arguments, code)
        return make
    return register


class Report(dict):
    def node(self, path):
        for node in self["nodes"]:
            if node["node"] == path:
                return node
        raise AssertionError(f"no task {path}: {[node['node'] for node in self['nodes']]}")

    def out(self, path, key="Output"):
        return self.node(path)["output_parameters"].get(key)

    def state(self, path):
        return self.node(path)["state"]

    def states(self):
        return {node["node"]: node["state"] for node in self["nodes"]}

    def log(self, path):
        with open(self.node(path)["log"]) as file:
            return file.read()

    def text(self, path, name):
        for output in self.node(path)["outputs"]:
            if output["name"] == name:
                with open(output["uri"]) as file:
                    return file.read()
        raise AssertionError(f"{path} has no output {name}")


def same(have, want):
    assert have == want, f"{have!r}, not {want!r}"


# Components.

@dsl.component
def text_of(value: str) -> str:
    return value


@dsl.component
def add(a: int, b: int = 1) -> int:
    return a + b


@dsl.component
def numbers(n: int) -> List[int]:
    return list(range(n))


@dsl.component
def total(values: List[int]) -> int:
    return sum(values)


@dsl.component
def shown(values: list) -> str:
    import json
    return json.dumps(values)


@dsl.component
def fail_if(flag: bool = True) -> str:
    if flag:
        raise RuntimeError("asked to fail")
    return "went well"


@dsl.component
def make_data(text: str, data: Output[Dataset]):
    with open(data.path, "w") as file:
        file.write(text)
    data.metadata["length"] = len(text)
    data.metadata["words"] = text.split()


@dsl.component
def read_data(data: Input[Dataset]) -> str:
    with open(data.path) as file:
        return file.read()


@dsl.component
def join_data(parts: Input[List[Dataset]]) -> str:
    return "|".join(open(part.path).read() for part in parts)


@dsl.component
def status_of(status: PipelineTaskFinalStatus) -> str:
    return f"{status.state} {status.pipeline_task_name} {bool(status.error_message)}"


@dsl.component
def coin(side: str) -> str:
    return side


# Loops.

def check_collected_nested(report):
    same(report.out("shown"), "[[0, 1], [10, 11], [20, 21]]")


@form(check_collected_nested)
def collected_over_nested_loops():
    @dsl.component
    def times(a: int, b: int) -> int:
        return a * 10 + b

    @dsl.pipeline
    def inner(a: int) -> List[int]:
        with dsl.ParallelFor([0, 1]) as b:
            made = times(a=a, b=b)
        return dsl.Collected(made.output)

    @dsl.pipeline(name="collected-over-nested-loops")
    def pipeline():
        with dsl.ParallelFor([0, 1, 2]) as a:
            made = inner(a=a)
        shown(values=dsl.Collected(made.output)).set_display_name("all of them")
    return pipeline


def check_collected_flat(report):
    same(json.loads(report.out("shown")), [[11, 12], [21, 22]])


@form(check_collected_flat)
def collected_directly_over_two_loops():
    @dsl.component
    def times(a: int, b: int) -> int:
        return a * 10 + b

    @dsl.pipeline(name="collected-two-loops")
    def pipeline():
        with dsl.ParallelFor([1, 2]) as a:
            with dsl.ParallelFor([1, 2]) as b:
                made = times(a=a, b=b)
        shown(values=dsl.Collected(made.output))
    return pipeline


def check_collected_artifacts(report):
    same(report.out("join-data"), "a|b|c")


@form(check_collected_artifacts)
def collected_artifacts():
    @dsl.pipeline(name="collected-artifacts")
    def pipeline():
        with dsl.ParallelFor(["a", "b", "c"]) as item:
            made = make_data(text=item)
        join_data(parts=dsl.Collected(made.outputs["data"]))
    return pipeline


@form(lambda report: same(report.out("join-data"), "a|b|c"))
def collected_artifacts_from_a_sub_pipeline():
    @dsl.pipeline
    def inner(text: str) -> Dataset:
        return make_data(text=text).outputs["data"]

    @dsl.pipeline(name="collected-artifacts-sub")
    def pipeline():
        with dsl.ParallelFor(["a", "b", "c"]) as item:
            made = inner(text=item)
        join_data(parts=dsl.Collected(made.output))
    return pipeline


@form(lambda report: same(report.out("join-data"), "a1|a2|b1|b2"))
def collected_artifacts_of_two_loops():
    @dsl.component
    def glue(a: str, b: str) -> str:
        return a + b

    @dsl.pipeline(name="collected-artifacts-two-loops")
    def pipeline():
        with dsl.ParallelFor(["a", "b"]) as first:
            with dsl.ParallelFor(["1", "2"]) as second:
                made = make_data(text=glue(a=first, b=second).output)
        join_data(parts=dsl.Collected(made.outputs["data"]))
    return pipeline


def check_loop_artifacts(report):
    same([report.out(f"for-loop-1/{i}/read-data") for i in range(2)], ["x", "y"])


@form(check_loop_artifacts)
def loop_over_collected_artifacts():
    @dsl.pipeline
    def inner() -> List[Dataset]:
        with dsl.ParallelFor(["x", "y"]) as item:
            made = make_data(text=item)
        return dsl.Collected(made.outputs["data"])

    @dsl.pipeline(name="loop-over-collected-artifacts")
    def pipeline():
        made = inner()
        with dsl.ParallelFor(made.output) as item:
            read_data(data=item)
    return pipeline


def check_loop_structs(report):
    same([report.out(f"for-loop-{report.loop}/{i}/text-of") for i in range(2)], ["p", "q"])


@form(lambda report: same([report.out(f"for-loop-2/{i}/text-of") for i in range(2)], ["p", "q"]))
def loop_over_structs_with_parallelism():
    @dsl.pipeline(name="loop-over-structs")
    def pipeline():
        with dsl.ParallelFor([{"word": "p", "n": 1}, {"word": "q", "n": 2}], parallelism=1) as item:
            text_of(value=item.word)
    return pipeline


@form(lambda report: (same([report.out(f"for-loop-1/{i}/text-of") for i in range(2)], ["p", "q"]),
                      same([report.out(f"for-loop-1/{i}/add") for i in range(2)], [2, 3])),
      items=[{"word": "p", "n": 1}, {"word": "q", "n": 2}])
def loop_over_a_parameter_of_structs():
    @dsl.pipeline(name="loop-over-structs-parameter")
    def pipeline(items: List[Dict]):
        with dsl.ParallelFor(items) as item:
            text_of(value=item.word)
            add(a=item.n)
    return pipeline


@form(lambda report: same([report.out(f"for-loop-1/{i}/text-of") for i in range(2)], ["p", "q"]))
def loop_over_structs_that_a_task_made():
    @dsl.component
    def structs() -> List[Dict[str, str]]:
        return [{"word": "p"}, {"word": "q"}]

    @dsl.pipeline(name="loop-over-made-structs")
    def pipeline():
        with dsl.ParallelFor(structs().output) as item:
            text_of(value=item.word)
    return pipeline


def check_empty_loop(report):
    same(report["state"], "succeeded")
    same(report.out("shown"), "[]")


@form(check_empty_loop)
def empty_loop_collects_an_empty_list():
    @dsl.pipeline(name="empty-loop")
    def pipeline():
        with dsl.ParallelFor(numbers(n=0).output) as item:
            made = add(a=item)
        shown(values=dsl.Collected(made.output))
    return pipeline


def check_condition_in_loop(report):
    ended = [report.state(f"for-loop-2/{i}/condition-3") for i in range(3)]
    same(ended, ["skipped", "succeeded", "succeeded"])


@form(check_condition_in_loop)
def condition_in_a_loop():
    @dsl.pipeline(name="condition-in-loop")
    def pipeline():
        with dsl.ParallelFor([1, 2, 3]) as item:
            with dsl.If(item > 1):
                add(a=item)
    return pipeline


def check_loop_failure(report):
    same(report["state"], "failed")
    ended = sorted(report.state(f"for-loop-2/{i}/fail-if") for i in range(2))
    same(ended, ["failed", "succeeded"])
    same(report.state("shown"), "skipped")


@form(check_loop_failure, code=1)
def one_iteration_fails():
    @dsl.pipeline(name="one-iteration-fails")
    def pipeline():
        with dsl.ParallelFor([True, False]) as item:
            made = fail_if(flag=item)
        shown(values=dsl.Collected(made.output))
    return pipeline


# Conditions.

def check_one_of(report):
    same(report.out("text-of"), "from elif")
    same(report["output_parameters"]["Output"], "from elif")


@form(check_one_of)
def one_of_in_if_elif_else():
    @dsl.pipeline(name="one-of")
    def pipeline() -> str:
        side = coin(side="edge")
        with dsl.If(side.output == "heads"):
            first = text_of(value="from if")
        with dsl.Elif(side.output == "edge"):
            second = text_of(value="from elif")
        with dsl.Else():
            third = text_of(value="from else")
        chosen = dsl.OneOf(first.output, second.output, third.output)
        text_of(value=chosen).set_display_name("last")
        return chosen
    return pipeline


FORMS["one_of_in_if_elif_else"].check = lambda report: (
    same(report["output_parameters"]["Output"], "from elif"),
    same([n["output_parameters"].get("Output") for n in report["nodes"]
          if n["name"].startswith("text-of") and n["state"] == "succeeded"], ["from elif"] * 2))


@form(lambda report: same(report.out("read-data"), "second"))
def one_of_artifacts():
    @dsl.pipeline(name="one-of-artifacts")
    def pipeline() -> Dataset:
        side = coin(side="tails")
        with dsl.If(side.output == "heads"):
            first = make_data(text="first")
        with dsl.Else():
            second = make_data(text="second")
        chosen = dsl.OneOf(first.outputs["data"], second.outputs["data"])
        read_data(data=chosen)
        return chosen
    return pipeline


def check_comparisons(report):
    run = sorted(node["parameters"]["value"] for node in report["nodes"]
                 if node["name"].startswith("text-of") and node["state"] == "succeeded")
    same(run, ["b", "d", "e", "ge", "gt", "i", "le", "s"])


@form(check_comparisons)
def comparisons_of_every_type():
    @dsl.component
    def values() -> NamedTuple("values", [("i", int), ("d", float), ("b", bool), ("s", str)]):
        return (3, 2.5, True, "yes")

    @dsl.pipeline(name="comparisons")
    def pipeline(limit: int = 3, name: str = "yes"):
        made = values()
        for key, condition in {
                "i": made.outputs["i"] == 3, "d": made.outputs["d"] == 2.5, "b": made.outputs["b"] == True,
                "s": made.outputs["s"] == name, "gt": made.outputs["i"] > 2, "ge": made.outputs["i"] >= limit,
                "lt": made.outputs["i"] < limit, "le": made.outputs["d"] <= limit, "ne": made.outputs["s"] != "yes",
        }.items():
            with dsl.If(condition):
                text_of(value=key)
        with dsl.If(made.outputs["s"] == "no"):
            text_of(value="no")
        with dsl.Else():
            text_of(value="e")
    return pipeline


def check_nested_conditions(report):
    run = sorted(node["parameters"]["value"] for node in report["nodes"]
                 if node["name"].startswith("text-of") and node["state"] == "succeeded")
    same(run, ["in-in", "out"])


@form(check_nested_conditions)
def nested_conditions():
    @dsl.pipeline(name="nested-conditions")
    def pipeline():
        side = coin(side="heads")
        with dsl.If(side.output == "heads"):
            text_of(value="out")
            other = coin(side="tails")
            with dsl.If(other.output == side.output):
                text_of(value="never")
            with dsl.Elif(other.output == "tails"):
                text_of(value="in-in")
            with dsl.Else():
                text_of(value="neither")
        with dsl.Else():
            text_of(value="not this")
    return pipeline


# Exit handlers and failures.


def check_exit_success(report):
    same(report.out("status-of"), "SUCCEEDED exit-handler-1 False")


@form(check_exit_success)
def exit_handler_after_success():
    @dsl.pipeline(name="exit-success")
    def pipeline():
        with dsl.ExitHandler(status_of()):
            text_of(value="work")
    return pipeline


def check_exit_failure(report):
    same(report["state"], "failed")
    same(report.out("status-of"), "FAILED exit-handler-1 True")
    same(report.state("exit-handler-1/text-of"), "skipped")


@form(check_exit_failure, code=1)
def exit_handler_after_failure():
    @dsl.pipeline(name="exit-failure")
    def pipeline():
        with dsl.ExitHandler(status_of()):
            failing = fail_if()
            text_of(value="never").after(failing)
    return pipeline


def check_exit_parameters(report):
    same(report.out("text-of"), "hello")


@form(check_exit_parameters, word="hello")
def exit_task_with_parameters_in_a_sub_pipeline():
    @dsl.pipeline
    def inner(word: str):
        with dsl.ExitHandler(text_of(value=word)):
            add(a=1)

    @dsl.pipeline(name="exit-parameters")
    def pipeline(word: str = "x"):
        inner(word=word)
    return pipeline


FORMS["exit_task_with_parameters_in_a_sub_pipeline"].check = lambda report: same(
    report.out("inner/text-of"), "hello")


def check_ignored(report):
    same(report["state"], "failed")
    same(report.state("text-of"), "succeeded")
    same(report.out("text-of"), "default")


@form(check_ignored, code=1)
def ignored_upstream_failure_takes_the_default():
    @dsl.component
    def text_or_default(value: str = "default") -> str:
        return value

    @dsl.pipeline(name="ignored-failure")
    def pipeline():
        failing = fail_if()
        text_or_default(value=failing.output).ignore_upstream_failure()
    return pipeline


FORMS["ignored_upstream_failure_takes_the_default"].check = lambda report: (
    same(report["state"], "failed"), same(report.out("text-or-default"), "default"))


def check_retry(report):
    same(report.state("flaky"), "succeeded")
    same(report.node("flaky")["attempts"], 3)


@form(check_retry)
def retry_until_it_works():
    marker = tempfile.mkdtemp()

    @dsl.component
    def flaky(folder: str) -> int:
        import os
        count = len(os.listdir(folder))
        open(os.path.join(folder, str(count)), "w").close()
        if count < 2:
            raise RuntimeError("not yet")
        return count

    @dsl.pipeline(name="retry")
    def pipeline():
        flaky(folder=marker).set_retry(num_retries=3, backoff_duration="0s", backoff_factor=1.0).set_caching_options(
            False)
    return pipeline


def check_branches(report):
    same(report["state"], "failed")
    same(report.state("add-2"), "succeeded")
    same(report.state("text-of"), "skipped")


@form(check_branches, code=1)
def other_branches_go_on_after_a_failure():
    @dsl.pipeline(name="branches")
    def pipeline():
        failing = fail_if()
        text_of(value=failing.output)
        add(a=add(a=1).output)
    return pipeline


# Inputs and outputs.

def check_optional(report):
    same(report.out("describe"), "None default [1, 2] {'k': 1} False 0.5")
    same(report.out("describe-2"), "given default [3] {'k': 1} True 1.0")


@form(check_optional)
def optional_inputs():
    @dsl.component
    def describe(a: Optional[str] = None, b: str = "default", c: List[int] = [1, 2], d: Dict[str, int] = {"k": 1},
                 e: bool = False, f: float = 0.5) -> str:
        return f"{a} {b} {c} {d} {e} {f}"

    @dsl.pipeline(name="optional-inputs")
    def pipeline(a: Optional[str] = None):
        describe(a=a)
        describe(a="given", c=[3], e=True, f=1.0)
    return pipeline


FORMS["optional_inputs"].check = lambda report: (
    same(report.out("describe"), "None default [1, 2] {'k': 1} False 0.5"),
    same(report.out("describe-2").replace(" 1.0", " 1"), "given default [3] {'k': 1} True 1"))


@form(lambda report: (same(report.out("maybe"), "nothing"), same(report.out("maybe-2"), "here")))
def optional_input_artifact():
    @dsl.component
    def maybe(data: Optional[Input[Dataset]] = None) -> str:
        return "nothing" if data is None else open(data.path).read()

    @dsl.pipeline(name="optional-artifact")
    def pipeline():
        maybe()
        maybe(data=make_data(text="here").outputs["data"])
    return pipeline


@form(lambda report: same(report.out("maybe"), "nothing") if "maybe" in report.states() else same(
    report.out("inner/maybe"), "nothing"))
def optional_input_artifact_of_a_sub_pipeline():
    @dsl.component
    def maybe(data: Optional[Input[Dataset]] = None) -> str:
        return "nothing" if data is None else open(data.path).read()

    @dsl.pipeline
    def inner(data: Optional[Input[Dataset]] = None):
        maybe(data=data)

    @dsl.pipeline(name="optional-artifact-sub")
    def pipeline():
        inner()
    return pipeline


def check_types(report):
    same(json.loads(report.out("all-types", "as_json")),
         [1, 2.0, True, "é\"'x", [1, "a", 0.5, {"b": [2]}], {"k": {"n": 1.5}, "l": []}])
    same(report.out("all-types", "l"), [1, "a", 0.5, {"b": [2]}])
    same(report.out("all-types", "d"), {"k": {"n": 1.5}, "l": []})


@form(check_types)
def parameters_of_every_type():
    @dsl.component
    def all_types(i: int, f: float, b: bool, s: str, l: list, d: dict) -> NamedTuple(
            "outputs", [("as_json", str), ("i", int), ("f", float), ("b", bool), ("s", str), ("l", list), ("d", dict)]):
        import json
        return (json.dumps([i, f, b, s, l, d]), i, f, b, s, l, d)

    @dsl.pipeline(name="every-type")
    def pipeline(i: int = 1, f: float = 2.0, b: bool = True, s: str = "é\"'x", l: list = [1, "a", 0.5, {"b": [2]}],
                 d: dict = {"k": {"n": 1.5}, "l": []}):
        first = all_types(i=i, f=f, b=b, s=s, l=l, d=d)
        all_types(i=first.outputs["i"], f=first.outputs["f"], b=first.outputs["b"], s=first.outputs["s"],
                  l=first.outputs["l"], d=first.outputs["d"])
    return pipeline


def check_types_twice(report):
    check_types(report)
    same(report.out("all-types-2", "as_json"), report.out("all-types", "as_json"))


FORMS["parameters_of_every_type"].check = check_types_twice


@form(lambda report: same(report.out("text-of-2"), "n=4 t=x u=u in a text"))
def placeholders_inside_texts():
    @dsl.pipeline(name="texts")
    def pipeline(t: str = "x"):
        text_of(value=f"n={add(a=3).output} t={t} u={text_of(value='u').output} in a text")
    return pipeline


def check_run_placeholders(report):
    name, resource, uuid, task, task_uuid, root, created, scheduled = report.out("text-of").split("|")
    assert name and resource and len(uuid) == 36, report.out("text-of")
    same(task, "text-of")
    assert task_uuid and root and created.endswith("Z") and scheduled.endswith("Z"), report.out("text-of")


@form(check_run_placeholders)
def placeholders_of_the_run():
    @dsl.pipeline(name="run-placeholders")
    def pipeline():
        text_of(value="|".join([
            dsl.PIPELINE_JOB_NAME_PLACEHOLDER, dsl.PIPELINE_JOB_RESOURCE_NAME_PLACEHOLDER,
            dsl.PIPELINE_JOB_ID_PLACEHOLDER, dsl.PIPELINE_TASK_NAME_PLACEHOLDER, dsl.PIPELINE_TASK_ID_PLACEHOLDER,
            dsl.PIPELINE_ROOT_PLACEHOLDER, dsl.PIPELINE_JOB_CREATE_TIME_UTC_PLACEHOLDER,
            dsl.PIPELINE_JOB_SCHEDULE_TIME_UTC_PLACEHOLDER]))
    return pipeline


def check_metadata(report):
    properties = {output["name"]: output["properties"] for output in report.node("measure")["outputs"]}
    same(properties["metrics"], {"accuracy": 0.5, "loss": 1.25})
    same(properties["model"]["framework"], "none")
    same(properties["model"]["layers"], [1, 2])
    confusion = properties["confusion"]["confusionMatrix"]
    same([row["row"] for row in confusion["rows"]], [[3, 1], [0, 4]])
    assert len(properties["curve"]["confidenceMetrics"]) == 2, properties
    same(report.out("read-metadata"), "none [1, 2] model")


@form(check_metadata)
def metadata_of_artifacts():
    @dsl.component
    def measure(metrics: Output[Metrics], model: Output[Model], confusion: Output[dsl.ClassificationMetrics],
                curve: Output[dsl.ClassificationMetrics], page: Output[dsl.HTML], notes: Output[dsl.Markdown]):
        metrics.log_metric("accuracy", 0.5)
        metrics.log_metric("loss", 1.25)
        model.metadata["framework"] = "none"
        model.metadata["layers"] = [1, 2]
        open(model.path, "w").write("model")
        confusion.log_confusion_matrix(["a", "b"], [[3, 1], [0, 4]])
        curve.log_roc_curve([0.0, 1.0], [0.5, 1.0], [0.9, 0.1])
        open(page.path, "w").write("<p>x</p>")
        open(notes.path, "w").write("# x")

    @dsl.component
    def read_metadata(model: Input[Model]) -> str:
        return f"{model.metadata['framework']} {model.metadata['layers']} {open(model.path).read()}"

    @dsl.pipeline(name="metadata")
    def pipeline():
        read_metadata(model=measure().outputs["model"])
    return pipeline


@form(lambda report: same(report.out("read-file"), "written by path"))
def output_path_and_input_path():
    @dsl.component
    def write_file(path: OutputPath(Dataset), number: OutputPath(int)):
        open(path, "w").write("written by path")
        open(number, "w").write("7")

    @dsl.component
    def read_file(path: InputPath(Dataset), number: int) -> str:
        assert number == 7, number
        return open(path).read()

    @dsl.pipeline(name="paths")
    def pipeline():
        made = write_file()
        read_file(path=made.outputs["path"], number=made.outputs["number"])
    return pipeline


@form(lambda report: same(report.out("many", "total"), 6.5) or same(report.text("many", "data"), "x"))
def named_tuple_of_parameters_and_an_artifact():
    @dsl.component
    def many(data: Output[Dataset]) -> NamedTuple("outputs", total=float, flag=bool):
        open(data.path, "w").write("x")
        outputs = NamedTuple("outputs", total=float, flag=bool)
        return outputs(6.5, False)

    @dsl.pipeline(name="named-tuple")
    def pipeline():
        many()
    return pipeline


@form(lambda report: same(report.out("read-data"), "made by hand"))
def artifacts_as_return_values():
    @dsl.component
    def hand() -> Dataset:
        made = dsl.Dataset(uri=dsl.get_uri(), metadata={"by": "hand"})
        open(made.path, "w").write("made by hand")
        return made

    @dsl.component
    def read_data(data: Dataset) -> str:
        assert data.metadata["by"] == "hand", data.metadata
        return open(data.path).read()

    @dsl.pipeline(name="pythonic")
    def pipeline():
        read_data(data=hand().output)
    return pipeline


@form(lambda report: same(report["output_parameters"], {"n": 4, "t": "inner x"})
      or same([output["name"] for output in report["outputs"]], ["data"]))
def outputs_of_the_pipeline():
    @dsl.pipeline
    def inner(t: str) -> NamedTuple("outputs", t=str, data=Dataset):
        outputs = NamedTuple("outputs", t=str, data=Dataset)
        return outputs(text_of(value=f"inner {t}").output, make_data(text="d").outputs["data"])

    @dsl.pipeline(name="outputs")
    def pipeline(t: str = "x") -> NamedTuple("outputs", n=int, t=str, data=Dataset):
        made = inner(t=t)
        outputs = NamedTuple("outputs", n=int, t=str, data=Dataset)
        return outputs(add(a=3).output, made.outputs["t"], made.outputs["data"])
    return pipeline


def check_importer(report):
    same(report.out("read-data"), "imported")
    same(report.node("importer")["outputs"][0]["properties"], {"owner": "me", "n": 3, "from": "word"})


@form(check_importer)
def importer_with_metadata():
    path = os.path.join(tempfile.mkdtemp(), "data.txt")
    with open(path, "w") as file:
        file.write("imported")

    @dsl.pipeline(name="importer")
    def pipeline(word: str = "word"):
        imported = dsl.importer(artifact_uri=path, artifact_class=Dataset, reimport=True,
                                metadata={"owner": "me", "n": 3, "from": word})
        read_data(data=imported.output)
    return pipeline


@form(lambda report: same(report.out("read-data"), "imported"))
def importer_of_an_output_parameter():
    path = os.path.join(tempfile.mkdtemp(), "data.txt")
    with open(path, "w") as file:
        file.write("imported")

    @dsl.pipeline(name="importer-output")
    def pipeline():
        imported = dsl.importer(artifact_uri=text_of(value=path).output, artifact_class=Dataset, reimport=False)
        read_data(data=imported.output)
    return pipeline


# Containers.

def check_container(report):
    same(report.text("shell", "out"), "hi there 5\n")
    same(report.out("shell", "number"), 5)
    same(report.log("optional").strip(), "--a x --list [1,2] --more y end")
    same(report.log("optional-2").strip(), "--a x --list [1,2] none end")


@form(check_container)
def container_components():
    @dsl.container_component
    def shell(word: str, n: int, out: Output[Dataset], number: OutputPath(int)):
        return dsl.ContainerSpec(
            image="alpine",
            command=["sh", "-c", 'mkdir -p "$(dirname "$3")"; echo "$0 $1 $2" > "$3"; printf "$2" > "$4"'],
            args=["hi", word, n, out.path, number])

    @dsl.container_component
    def optional(a: str, l: list, more: Optional[str] = None):
        return dsl.ContainerSpec(
            image="alpine", command=["echo"],
            args=["--a", a, "--list", l,
                  dsl.IfPresentPlaceholder(input_name="more", then=["--more", more], else_=["none"]),
                  dsl.ConcatPlaceholder(["en", "d"])])

    @dsl.pipeline(name="containers")
    def pipeline():
        shell(word="there", n=5)
        optional(a="x", l=[1, 2], more="y")
        optional(a="x", l=[1, 2])
    return pipeline


def check_artifact_placeholders(report):
    uri, path, metadata = report.log("show").strip().split("|")
    assert uri == path or uri.endswith(path), (uri, path)
    same(metadata, "5")


@form(check_artifact_placeholders)
def placeholders_of_artifacts():
    @dsl.container_component
    def show(data: Input[Dataset]):
        return dsl.ContainerSpec(image="alpine", command=["echo"],
                                 args=[dsl.ConcatPlaceholder([data.uri, "|", data.path, "|", data.metadata["length"]])])

    @dsl.pipeline(name="artifact-placeholders")
    def pipeline():
        show(data=make_data(text="hello").outputs["data"])
    return pipeline


# Settings.

@form(lambda report: same(report.out("env"), "value|from secret|{}".format("")))
def environment_and_secrets():
    @dsl.component
    def env() -> str:
        import os
        return "|".join(os.environ.get(name, "") for name in ["NAME", "PASSWORD", "MISSING"])

    @dsl.pipeline(name="environment")
    def pipeline():
        task = env().set_env_variable("NAME", "value").set_caching_options(False)
        kubernetes.use_secret_as_env(task, secret_name="login", secret_key_to_env={"password": "PASSWORD"})
        kubernetes.use_secret_as_env(task, secret_name="absent", secret_key_to_env={"x": "MISSING"}, optional=True)
    return pipeline


def check_timeout(report):
    same(report["state"], "failed")
    assert "longer than" in report.node("sleepy")["error"], report.node("sleepy")


@form(check_timeout, code=1)
def timeout_of_a_task():
    @dsl.component
    def sleepy():
        import time
        time.sleep(60)

    @dsl.pipeline(name="timeout")
    def pipeline():
        kubernetes.set_timeout(sleepy(), seconds=1)
    return pipeline


@form(lambda report: same([node["cached"] for node in report["nodes"] if node["name"].startswith("add")],
                          [False, False]))
def caching_off():
    @dsl.pipeline(name="caching-off")
    def pipeline():
        first = add(a=1).set_caching_options(False)
        add(a=1).set_caching_options(False).after(first)
    return pipeline


@form(lambda report: same(report.node("add-2")["cached"], True))
def caching_within_a_run():
    @dsl.pipeline(name="caching-within")
    def pipeline():
        first = add(a=1)
        add(a=1).after(first)
    return pipeline


@form(lambda report: same(report.out("read-workspace"), "kept"))
def workspace_shared_by_tasks():
    @dsl.component
    def write_workspace(path: str):
        import os
        open(os.path.join(path, "file"), "w").write("kept")

    @dsl.component
    def read_workspace(path: str) -> str:
        import os
        return open(os.path.join(path, "file")).read()

    @dsl.pipeline(name="workspace", pipeline_config=dsl.PipelineConfig(
        workspace=dsl.WorkspaceConfig(size="1Gi", kubernetes=dsl.KubernetesWorkspaceConfig())))
    def pipeline():
        first = write_workspace(path=dsl.WORKSPACE_PATH_PLACEHOLDER)
        read_workspace(path=dsl.WORKSPACE_PATH_PLACEHOLDER).after(first)
    return pipeline


@form(lambda report: same(report.out("add"), 2))
def resources_and_accelerators():
    @dsl.pipeline(name="resources")
    def pipeline():
        add(a=1).set_cpu_limit("1").set_memory_limit("512M").set_cpu_request("0.1").set_memory_request("64Mi")
    return pipeline


def check_volumes(report):
    same(report.state("add"), "succeeded")


@form(check_volumes)
def platform_options_of_every_kind():
    @dsl.pipeline(name="platform")
    def pipeline():
        claim = kubernetes.CreatePVC(pvc_name="data", access_modes=["ReadWriteOnce"], size="1Gi",
                                     storage_class_name="standard")
        task = add(a=1)
        kubernetes.mount_pvc(task, pvc_name=claim.outputs["name"], mount_path="/data")
        kubernetes.add_pod_label(task, "a", "b")
        kubernetes.add_pod_annotation(task, "a", "b")
        kubernetes.add_node_selector(task, "disk", "ssd")
        kubernetes.add_toleration(task, key="k", operator="Equal", value="v", effect="NoSchedule")
        kubernetes.set_image_pull_policy(task, "Always")
        kubernetes.use_field_path_as_env(task, env_name="POD", field_path="metadata.name")
        kubernetes.DeletePVC(pvc_name=claim.outputs["name"]).after(task)
    return pipeline


@form(lambda report: same(report.out("outer/middle/add"), 6))
def pipelines_three_deep():
    @dsl.pipeline
    def middle(n: int) -> int:
        return add(a=n, b=2).output

    @dsl.pipeline
    def outer(n: int) -> int:
        return middle(n=add(a=n).output).output

    @dsl.pipeline(name="three-deep")
    def pipeline(n: int = 3):
        add(a=outer(n=n).output)
    return pipeline


def check_loop_in_condition_in_loop(report):
    same(report.out("shown"), "[0, 1, 2]")


@form(lambda report: same(report["state"], "succeeded"))
def loop_in_a_condition_in_a_loop():
    @dsl.pipeline(name="loop-condition-loop")
    def pipeline():
        with dsl.ParallelFor([0, 2]) as n:
            with dsl.If(n > 1):
                with dsl.ParallelFor(numbers(n=n).output) as item:
                    with dsl.If(item == 1):
                        add(a=item, b=n)
    return pipeline


@form(lambda report: same(report.out("notebook-task"), 9) if "notebook-task" in report.states() else None)
def notebook_component():
    folder = tempfile.mkdtemp()
    path = os.path.join(folder, "n.ipynb")
    with open(path, "w") as file:
        json.dump({"cells": [{"cell_type": "code", "execution_count": None, "id": "a", "metadata": {"tags": ["parameters"]},
                              "outputs": [], "source": ["n = 1"]},
                             {"cell_type": "code", "execution_count": None, "id": "b", "metadata": {}, "outputs": [],
                              "source": ["squared = n * n\n", "print('squared is', squared)"]}],
                   "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
                   "nbformat": 4, "nbformat_minor": 5}, file)

    @dsl.notebook_component(notebook_path=path)
    def notebook_task(n: int) -> int:
        dsl.run_notebook(n=n)
        return n * n

    @dsl.pipeline(name="notebook")
    def pipeline():
        notebook_task(n=3)
    return pipeline


# Rarer ones.

@form(lambda report: same([report.out(f"for-loop-1/{i}/text-of-3") for i in range(2)], ["small", "big"]))
def one_of_in_a_loop():
    @dsl.pipeline(name="one-of-in-loop")
    def pipeline():
        with dsl.ParallelFor(numbers(n=2).output) as item:
            with dsl.If(item == 0):
                small = text_of(value="small")
            with dsl.Else():
                big = text_of(value="big")
            text_of(value=dsl.OneOf(small.output, big.output))
    return pipeline


@form(lambda report: same(json.loads(report.out("shown")), ["small", "big"]))
def collected_one_of():
    @dsl.pipeline
    def choose(n: int) -> str:
        with dsl.If(n == 0):
            small = text_of(value="small")
        with dsl.Else():
            big = text_of(value="big")
        return dsl.OneOf(small.output, big.output)

    @dsl.pipeline(name="collected-one-of")
    def pipeline():
        with dsl.ParallelFor([0, 1]) as item:
            made = choose(n=item)
        shown(values=dsl.Collected(made.output))
    return pipeline


@form(lambda report: same(report.out("inner/flaky-inner"), 2))
def retry_policy_of_a_sub_pipeline():
    marker = tempfile.mkdtemp()

    @dsl.component
    def flaky_inner(folder: str) -> int:
        import os
        count = len(os.listdir(folder))
        open(os.path.join(folder, str(count)), "w").close()
        assert count >= 2, "not yet"
        return count

    @dsl.pipeline
    def inner():
        flaky_inner(folder=marker).set_caching_options(False)

    @dsl.pipeline(name="retry-sub")
    def pipeline():
        inner().set_retry(num_retries=4, backoff_duration="0s")
    return pipeline


def check_status_of_ignored(report):
    same(report.out("status-of"), "FAILED fail-if True")


@form(check_status_of_ignored, code=1)
def final_status_of_a_single_task():
    @dsl.pipeline(name="status-of-task")
    def pipeline():
        with dsl.ExitHandler(status_of()):
            fail_if()
            add(a=1)
    return pipeline


FORMS["final_status_of_a_single_task"].check = lambda report: (
    same(report.out("status-of"), "FAILED exit-handler-1 True"), same(report.out("exit-handler-1/add"), 2))


@form(lambda report: same(report.out("text-of-2"), "cleaned"), code=1)
def two_exit_handlers():
    @dsl.pipeline(name="two-exit-handlers")
    def pipeline():
        with dsl.ExitHandler(text_of(value="first")):
            fail_if()
        with dsl.ExitHandler(text_of(value="cleaned")):
            add(a=1)
    return pipeline


@form(lambda report: same([report.out(f"for-loop-2/{i}/exit-handler-3/add") for i in range(2)], [1, 2])
      if False else same(report["state"], "succeeded"))
def loop_in_an_exit_handler():
    @dsl.pipeline(name="loop-in-exit-handler")
    def pipeline():
        with dsl.ExitHandler(status_of()):
            with dsl.ParallelFor([0, 1]) as item:
                add(a=item)
    return pipeline


@form(lambda report: (same(report["state"], "succeeded"),
                      same(json.loads(report.out("configured"))["resources"]["limits"]["cpu"], "1")))
def task_config_passed_on():
    @dsl.component(task_config_passthroughs=[dsl.TaskConfigField.RESOURCES, dsl.TaskConfigPassthrough(
        field=dsl.TaskConfigField.ENV, apply_to_task=True)])
    def configured(config: dsl.TaskConfig) -> str:
        import json
        return json.dumps({"resources": config.resources, "env": config.env})

    @dsl.pipeline(name="task-config")
    def pipeline():
        configured().set_cpu_limit("1").set_env_variable("NAME", "value")
    return pipeline


@form(lambda report: same(report.out("text-of"), "b"))
def literal_parameter():
    from typing import Literal

    @dsl.pipeline(name="literal")
    def pipeline(word: str = "b"):
        text_of(value=word)
    return pipeline


@form(lambda report: same(report.out("loaded", "output"), "from yaml"))
def component_loaded_from_yaml():
    loaded = components.load_component_from_text("""
name: loaded
inputs:
- {name: word, type: String, default: yaml}
outputs:
- {name: Output, type: String}
implementation:
  container:
    image: alpine
    command: [sh, -c, 'mkdir -p "$(dirname "$1")"; printf "from %s" "$0" > "$1"']
    args: [{inputValue: word}, {outputPath: Output}]
""")

    @dsl.pipeline(name="loaded")
    def pipeline():
        loaded(word="yaml")
    return pipeline


@form(lambda report: same(report.out("text-of"), "inner"))
def pipeline_loaded_from_yaml():
    @dsl.pipeline
    def inner(word: str = "inner") -> str:
        return text_of(value=word).output

    path = os.path.join(tempfile.mkdtemp(), "inner.yaml")
    compiler.Compiler().compile(inner, path)
    loaded = components.load_component_from_file(path)

    @dsl.pipeline(name="loaded-pipeline")
    def pipeline():
        text_of(value=loaded().output)
    return pipeline


FORMS["pipeline_loaded_from_yaml"].check = lambda report: same(
    [node["output_parameters"]["Output"] for node in report["nodes"] if node["name"] == "text-of"], ["inner"] * 2)


@form(lambda report: same(report["state"], "succeeded"))
def parameters_into_resources_and_names():
    @dsl.pipeline(name="resources-by-parameter")
    def pipeline(cpu: str = "1", memory: str = "256Mi"):
        add(a=1).set_cpu_limit(cpu).set_memory_limit(memory).set_display_name("one more")
    return pipeline


@form(lambda report: same(report.out("image-by-parameter"), "ok"))
def image_by_parameter():
    @dsl.component
    def image_by_parameter() -> str:
        return "ok"

    @dsl.pipeline(name="image-by-parameter")
    def pipeline(image: str = "python:3.11"):
        image_by_parameter().set_container_image(image)
    return pipeline


def check_lists(report):
    same(report.out("describe"), "[] {} 0 0.0 False ''")


@form(check_lists)
def empty_and_zero_values():
    @dsl.component
    def describe(l: list, d: dict, i: int, f: float, b: bool, s: str) -> str:
        return f"{l} {d} {i} {f} {b} {s!r}"

    @dsl.component
    def empties() -> NamedTuple("outputs", [("l", list), ("d", dict), ("i", int), ("f", float), ("b", bool), ("s", str)]):
        return ([], {}, 0, 0.0, False, "")

    @dsl.pipeline(name="empties")
    def pipeline():
        made = empties().outputs
        describe(l=made["l"], d=made["d"], i=made["i"], f=made["f"], b=made["b"], s=made["s"])
    return pipeline


FORMS["empty_and_zero_values"].check = lambda report: same(
    report.out("describe").replace("0.0", "0"), "[] {} 0 0 False ''")


@form(lambda report: same(report.out("big"), 3 * 2**31))
def integers_beyond_32_bits():
    @dsl.component
    def big(n: int) -> int:
        return n * 3

    @dsl.pipeline(name="big")
    def pipeline(n: int = 2**31):
        big(n=n)
    return pipeline


@form(lambda report: same(sorted(node["node"] for node in report["nodes"]
                                 if node["state"] == "skipped"), ["condition-branches-1/condition-2"])
      if False else same(report["state"], "succeeded"))
def comparison_of_booleans_and_loops_of_booleans():
    @dsl.pipeline(name="booleans")
    def pipeline(flag: bool = False):
        with dsl.If(flag == True):
            text_of(value="on")
        with dsl.Else():
            text_of(value="off")
        with dsl.ParallelFor([0.5, 1.5]) as item:
            with dsl.If(item > 1.0):
                text_of(value="more")
    return pipeline


def check_booleans(report):
    same(sorted(node["parameters"]["value"] for node in report["nodes"]
                if node["name"].startswith("text-of") and node["state"] == "succeeded"), ["more", "off"])


FORMS["comparison_of_booleans_and_loops_of_booleans"].check = check_booleans


@form(lambda report: same(report.out("read-data"), "a b"))
def artifact_through_three_levels():
    @dsl.pipeline
    def reader(data: Input[Dataset]) -> str:
        return read_data(data=data).output

    @dsl.pipeline
    def middle(data: Input[Dataset]) -> str:
        return reader(data=data).output

    @dsl.pipeline(name="three-levels")
    def pipeline():
        text_of(value=middle(data=make_data(text="a b").outputs["data"]).output)
    return pipeline


FORMS["artifact_through_three_levels"].check = lambda report: same(report.out("text-of"), "a b")


@form(lambda report: same([report.out(f"for-loop-1/{i}/read-data") for i in range(2)], ["same", "same"]))
def artifact_from_outside_a_loop():
    @dsl.pipeline(name="outside-loop")
    def pipeline():
        made = make_data(text="same")
        with dsl.ParallelFor(numbers(n=2).output) as item:
            read_data(data=made.outputs["data"])
            add(a=item)
    return pipeline


@form(lambda report: same(report.out("last"), 4))
def packages_to_install_that_are_there():
    @dsl.component(packages_to_install=["PyYAML"])
    def last() -> int:
        import yaml
        return yaml.safe_load("{a: 4}")["a"]

    @dsl.pipeline(name="packages")
    def pipeline():
        last()
    return pipeline


@form(lambda report: same(report.out("embedded"), "inside"))
def embedded_artifact():
    path = os.path.join(tempfile.mkdtemp(), "inside.txt")
    with open(path, "w") as file:
        file.write("inside")

    @dsl.component(embedded_artifact_path=path)
    def embedded(config: dsl.EmbeddedInput[dsl.Dataset]) -> str:
        return open(config.path).read()

    @dsl.pipeline(name="embedded")
    def pipeline():
        embedded()
    return pipeline


@form(lambda report: same(report.state("nothing"), "succeeded"))
def component_without_inputs_and_outputs():
    @dsl.component
    def nothing():
        print("done")

    @dsl.pipeline(name="nothing")
    def pipeline():
        nothing()
    return pipeline


@form(lambda report: same(report["state"], "failed"), code=1)
def missing_output_artifact_is_no_failure_but_its_reader_is():
    @dsl.component
    def forgets(data: Output[Dataset]):
        pass

    @dsl.pipeline(name="forgets")
    def pipeline():
        read_data(data=forgets().outputs["data"])
    return pipeline


def prepare(root):
    os.makedirs(os.path.join(root, "secrets", "login"))
    with open(os.path.join(root, "secrets", "login", "password"), "w") as file:
        file.write("from secret")


def run_form(name, options):
    tested = FORMS[name]
    with tempfile.TemporaryDirectory(prefix="penstock_form_") as folder:
        package = os.path.join(folder, "pipeline.yaml")
        root = os.path.join(folder, "root")
        prepare(root)
        with COMPILING:
            compiler.Compiler().compile(tested.make(), package)
        if options.keep:
            os.makedirs(options.keep, exist_ok=True)
            with open(package) as source, open(os.path.join(options.keep, name + ".yaml"), "w") as copy:
                copy.write(source.read())
        command = [options.penstock, "run", package, "--root", root, "--json"]
        for key, value in tested.arguments.items():
            command += ["--param", f"{key}={value if isinstance(value, str) else json.dumps(value)}"]
        environment = dict(os.environ, PATH=os.path.dirname(sys.executable) + ":" + os.environ["PATH"])
        ended = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=options.timeout)
        report = None
        try:
            assert ended.returncode == tested.code, f"exit code {ended.returncode}, not {tested.code}"
            report = Report(json.loads(ended.stdout))
            tested.check(report)
            return None
        except Exception:
            lines = [traceback.format_exc(limit=-1).strip().splitlines()[-1], ended.stderr.strip()[-500:]]
            for node in (report or {"nodes": []})["nodes"]:
                lines.append(f"{node['node']}: {node['state']} {node.get('error', '')} "
                             f"{json.dumps(node.get('output_parameters'))}")
                if node["state"] == "failed" and os.path.exists(node.get("log", "")):
                    with open(node["log"], errors="replace") as log:
                        lines.append(log.read()[-600:])
            return "\n    ".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--penstock", required=True)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--timeout", type=float, default=300)
    parser.add_argument("--keep", help="a folder for the compiled pipelines")
    options = parser.parse_args()
    names = options.only or list(FORMS)
    num_failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        def attempt(name):
            try:
                return run_form(name, options)
            except Exception:
                return traceback.format_exc(limit=-2)
        for name, problem in zip(names, pool.map(attempt, names)):
            if name in UNSUPPORTED:
                problem = "passes: take it off UNSUPPORTED" if problem is None else None
            num_failed += problem is not None
            print(f"FAILED {name}\n    {problem}" if problem else f"ok {name}", flush=True)
    print(f"{len(names) - num_failed} as expected, {num_failed} not, of {len(names)}")
    return 1 if num_failed else 0


if __name__ == "__main__":
    sys.exit(main())
