import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeDiff } from "../src/data/decode_diff.ts";
import { differing, findFeatures, findPairs } from "../src/model/diff_rows.ts";

const feature = (name: string, mismatch: number) => ({ name, base: 9, test: 9, match: 9 - mismatch, base_only: 0, test_only: 0, mismatch });
const data = decodeDiff({
  page: "diff",
  base: "old",
  test: "new",
  match: { matching_pairs_count: 9 },
  features: [feature("Fare", 4), feature("company", 0)],
  pairs: [
    [["Fare", "1", "2", "mismatch"], ["company", "a", "a", "same"]],
    [["tips", null, "2", "test_only"], ["Fare", "1", "1", "same"]],
  ],
  confusions: [],
  notes: [],
});

test("features are found by a part of their name, in whatever case", () => {
  assert.deepEqual(findFeatures(data, { search: " fa", onlyDifferent: false }).map(({ name }) => name), ["Fare"]);
  assert.deepEqual(findFeatures(data, { search: "", onlyDifferent: true }).map(({ name }) => name), ["Fare"]);
  assert.equal(findFeatures(data, { search: "", onlyDifferent: false }).length, 2);
});

test("pairs of a feature are those that differ in it", () => {
  assert.equal(findPairs(data, null).length, 2);
  assert.deepEqual(findPairs(data, "Fare").map(differing), [["Fare"]]);
  assert.equal(findPairs(data, "company").length, 0);
});

test("counts that the comparison does not say are none", () => {
  assert.equal(data.match.pairs, 9);
  assert.equal(data.match.duplicates, 0);
});
