import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cell, Dataset, StatisticsData } from "../src/data/statistics_data.ts";
import { nextOrder, sortRows } from "../src/model/columns.ts";
import { datasetLabel, firstShown, sliceNames, sliceOfEveryFile, toggleShown } from "../src/model/datasets.ts";
import { filterRows, makeRows } from "../src/model/feature_rows.ts";
import { cell, text } from "./cells.ts";

function dataset(index: number, cells: (Cell | null)[], given: Partial<Dataset> = {}): Dataset {
  return { index, file: 0, name: "", isWhole: true, numExamples: 10, weightedNumExamples: undefined, cells, correlations: [], lifts: [], ...given };
}

const features = [["fare"], ["trip", "company"], ["tips"], ["gone"]];
const base = dataset(0, [cell({ mean: 5, missing: 10 }), text({ x: 2 }), cell({ mean: NaN }), null]);
const other = dataset(1, [cell({ mean: 1 }), text({ y: 2 }), cell({ mean: 7 }), null], { file: 1 });
const data: StatisticsData = {
  startsWithAnomalies: false,
  files: ["train.pb", "eval.pb"],
  features,
  datasets: [base, other],
  anomalies: {
    listed: [{ feature: 3, severity: "WARNING", reasons: [], fixes: [] }, { feature: 0, severity: "ERROR", reasons: [], fixes: [] }],
    measurements: [],
    dataMissing: false,
  },
  notes: [],
};
const rows = makeRows(data, [base, other], false);
const names = (of: readonly { name: string }[]) => of.map(({ name }) => name);

test("a row holds a feature's cells in the shown datasets, its drift and its anomalies", () => {
  assert.equal(rows[1]?.name, "trip.company");
  assert.equal(rows[1]?.drift[0]?.jensenShannon, 1);
  assert.equal(rows[0]?.anomalies[0]?.severity, "ERROR");
  assert.equal(rows[3]?.kind, "none");
});

test("every word of the search has to be in the name", () => {
  const filter = { kind: "all", onlyAnomalies: false } as const;
  assert.deepEqual(names(filterRows(rows, { ...filter, search: "COMP trip" })), ["trip.company"]);
  assert.deepEqual(names(filterRows(rows, { ...filter, search: "" })).length, 4);
  assert.deepEqual(names(filterRows(rows, { ...filter, search: "", onlyAnomalies: true })), ["fare", "gone"]);
  assert.deepEqual(names(filterRows(rows, { search: "", kind: "text", onlyAnomalies: false })), ["trip.company"]);
});

test("rows without a value come last, whichever way the table is sorted", () => {
  assert.deepEqual(names(sortRows(rows, { column: "mean", isDescending: true })).slice(0, 1), ["fare"]);
  assert.deepEqual(names(sortRows(rows, { column: "mean", isDescending: false })).slice(0, 1), ["fare"]);
  assert.deepEqual(names(sortRows(rows, { column: "anomalies", isDescending: true })).slice(0, 2), ["fare", "gone"]);
  assert.deepEqual(names(sortRows(rows, { column: "feature", isDescending: false })), ["fare", "gone", "tips", "trip.company"]);
  assert.deepEqual(names(sortRows(rows, null)), names(rows));
});

test("a header goes through both directions and back to the data's order", () => {
  const first = nextOrder(null, "missing", false);
  assert.deepEqual(first, { column: "missing", isDescending: true });
  const second = nextOrder(first, "missing", false);
  assert.deepEqual(second, { column: "missing", isDescending: false });
  assert.equal(nextOrder(second, "missing", false), null);
  assert.deepEqual(nextOrder(null, "feature", true), { column: "feature", isDescending: false });
});

test("weights are shown where asked for and known", () => {
  const weighted = dataset(0, [{ ...cell({ mean: 1 }), weighted: cell({ mean: 9 }) }, text({ x: 1 })]);
  const weighed = makeRows({ ...data, datasets: [weighted] }, [weighted], true);
  assert.equal(weighed[0]?.cells[0]?.mean, 9);
  assert.equal(weighed[1]?.cells[0]?.kind, "text");
});

const slices: StatisticsData = {
  ...data,
  datasets: [
    dataset(0, []),
    dataset(1, [], { file: 1 }),
    dataset(2, [], { name: "pay_Cash", isWhole: false, numExamples: 3 }),
    dataset(3, [], { name: "pay_Card", isWhole: false, numExamples: 7 }),
    dataset(4, [], { name: "pay_Cash", isWhole: false, file: 1 }),
  ],
};

test("the whole datasets are shown first; slices are found by name in every file", () => {
  assert.deepEqual(firstShown(slices), [0, 1]);
  assert.deepEqual(sliceOfEveryFile(slices, "pay_Cash"), [2, 4]);
  assert.deepEqual(sliceNames(slices), [{ name: "pay_Card", numExamples: 7 }, { name: "pay_Cash", numExamples: 3 }]);
  assert.deepEqual(slices.datasets.map((of) => datasetLabel(slices, of)), ["train.pb", "eval.pb", "train.pb: pay_Cash", "train.pb: pay_Card", "eval.pb: pay_Cash"]);
});

test("one dataset always stays, and a seventh takes the place of the sixth", () => {
  assert.deepEqual(toggleShown([0], 0), [0]);
  assert.deepEqual(toggleShown([0, 1], 0), [1]);
  assert.deepEqual(toggleShown([0, 1, 2, 3, 4, 5], 9), [0, 1, 2, 3, 4, 9]);
});
