import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeEvaluation, type RawEvaluation } from "../src/data/decode_evaluation.ts";
import { measured } from "../src/data/evaluation_data.ts";
import { badness, directionOf, firstMetrics, firstSeries, mainMetric, metricName, seriesName, sliceName } from "../src/model/metrics.ts";
import { featureSets, filterSlices, makeSliceRows, type SliceFilter, sortSlices } from "../src/model/slice_rows.ts";

const metric = (name: string, given: object = {}) => ({ name, of: "", aggregation: "", weighted: null, is_change: false, ...given });

const raw: RawEvaluation = {
  page: "evaluation",
  evaluations: [
    {
      name: "monday",
      validation: {
        is_blessed: false,
        is_rubber_stamp: false,
        missing_slices: [],
        failures: [{ slice: 1, slice_key: [["sex", "Female"]], metric: metric("auc"), model: "candidate", message: "", value: 0.5, limits: [["at least", 0.8]] }],
      },
    },
  ],
  slices: [[], [["sex", "Female"]], [["sex", "Male"]], [["age", "3"], ["sex", ""]], { baseline: [], comparison: [["sex", "Male"]] }],
  series: [{ evaluation: 0, model: "candidate", output: "" }, { evaluation: 0, model: "baseline", output: "" }],
  metrics: [metric("example_count"), metric("auc"), metric("false_positive_rate"), metric("recall", { of: "class 1", aggregation: "macro average", weighted: true, is_change: true })],
  values: [
    [[0, 0, 10], [0, 1, 0.9, 0.8, 0.95], [1, 1, 0.7]],
    [[0, 0, 6], [0, 1, 0.5]],
    [[0, 0, 4], [0, 1, "NaN"]],
    [[0, 1, "only one class"]],
    [],
  ],
  plots: [],
  notes: [],
};
const data = decodeEvaluation(raw);
const rows = makeSliceRows(data);
const count = (slice: number) => measured(data, slice, 0, 0)?.value;
const everything: SliceFilter = { search: "", features: null, minExamples: 0, onlyFailures: false };

test("metrics, slices and models are called what tells them apart", () => {
  assert.equal(metricName(data.metrics[3] ?? metricOf()), "recall of class 1, macro average, weighted, change");
  assert.deepEqual(data.slices.map(sliceName), ["all examples", "sex: Female", "sex: Male", "age: 3, sex: (empty)", "sex: Male against all examples"]);
  assert.equal(seriesName(data, { index: 0, evaluation: 0, model: "candidate", output: "" }), "candidate");
  assert.equal(seriesName(data, { index: 0, evaluation: 0, model: "", output: "" }), "monday");
});

function metricOf(): never {
  throw new Error("no such metric");
}

test("values keep their interval; a text says why there is no number", () => {
  assert.deepEqual(measured(data, 0, 0, 1), { value: 0.9, lower: 0.8, upper: 0.95 });
  assert.equal(measured(data, 2, 0, 1)?.message, undefined);
  assert.equal(measured(data, 3, 0, 1)?.message, "only one class");
  assert.equal(measured(data, 4, 0, 1), undefined);
});

test("which way a metric is better follows from its usual name", () => {
  const directions = (names: string[]) => names.map((name) => directionOf({ name }));
  assert.deepEqual(directions(["auc", "recall", "ndcg"]), ["higher", "higher", "higher"]);
  assert.deepEqual(directions(["false_positive_rate", "mean_squared_error", "binary_crossentropy"]), ["lower", "lower", "lower"]);
  assert.deepEqual(directions(["example_count", "mean_label", "calibration"]), ["none", "none", "one"]);
  assert.ok((badness({ name: "calibration" }, 2) ?? 0) > (badness({ name: "calibration" }, 1.1) ?? 0));
  assert.equal(badness({ name: "auc" }, NaN), undefined);
});

test("counts and the usual metrics come first", () => {
  assert.deepEqual(firstMetrics(data), [0, 1, 2]);
  assert.equal(mainMetric(data), 1);
});

test("what the others are held against comes last", () => {
  assert.deepEqual(firstSeries({ ...data, series: [...data.series].reverse() }, 6), [0, 1]);
});

test("slices are filtered by features, size, words and failures, and all examples always stay", () => {
  const names = (filter: Partial<SliceFilter>) => filterSlices(rows, { ...everything, ...filter }, count).map(({ name }) => name);
  assert.deepEqual(featureSets(data), ["sex", "age × sex"]);
  assert.deepEqual(names({ features: "age × sex" }), ["all examples", "age: 3, sex: (empty)"]);
  assert.deepEqual(names({ minExamples: 5 }), ["all examples", "sex: Female"]);
  assert.deepEqual(names({ search: "MALE against" }), ["all examples", "sex: Male against all examples"]);
  assert.deepEqual(names({ onlyFailures: true }), ["all examples", "sex: Female"]);
});

test("slices without a value come last", () => {
  const sorted = (isDescending: boolean) => sortSlices(data, rows, data.series, { column: 1, isDescending }).map(({ slice }) => slice.index);
  assert.deepEqual(sorted(false), [1, 0, 2, 3, 4]);
  assert.deepEqual(sorted(true), [0, 1, 2, 3, 4]);
});
