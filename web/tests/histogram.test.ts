import assert from "node:assert/strict";
import { test } from "node:test";
import { alignedBars, cumulative, finiteBars, infiniteCount, spread, unevenness } from "../src/model/histogram.ts";

test("buckets with infinite edges have no place on an axis", () => {
  const histogram = { edges: [-Infinity, 0, 1, Infinity], counts: [2, 3, 4] };
  assert.deepEqual(finiteBars(histogram), [{ low: 0, high: 1, count: 3 }]);
  assert.equal(infiniteCount(histogram), 6);
});

test("histograms with equal edges stay as they are", () => {
  const [a, b] = alignedBars([
    { edges: [0, 1, 2], counts: [1, 2] },
    { edges: [0, 1, 2], counts: [3, 4] },
  ]);
  assert.deepEqual(a?.map(({ count }) => count), [1, 2]);
  assert.deepEqual(b?.map(({ count }) => count), [3, 4]);
});

test("histograms with other edges are spread over cells of equal width, and none of the mass is lost", () => {
  const [a, b, none] = alignedBars([{ edges: [0, 10], counts: [10] }, { edges: [5, 10, 20], counts: [6, 4] }, undefined]);
  assert.deepEqual(a, [{ low: 0, high: 10, count: 10 }, { low: 10, high: 20, count: 0 }]);
  assert.deepEqual(b?.map(({ count }) => count), [6, 4]);
  assert.deepEqual(none, []);
});

test("a bucket of one value goes into one cell, the last one too", () => {
  assert.deepEqual(spread([{ low: 2, high: 2, count: 5 }], [0, 1, 2]), [0, 5]);
  assert.deepEqual(spread([{ low: 1, high: 1, count: 5 }], [0, 1, 2]), [0, 5]);
});

test("quantiles become points of the distribution function", () => {
  assert.deepEqual(cumulative({ edges: [1, 2, 9], counts: [3, 1] }), [
    { value: 1, share: 0 },
    { value: 2, share: 0.75 },
    { value: 9, share: 1 },
  ]);
  assert.deepEqual(cumulative({ edges: [], counts: [] }), []);
});

test("unevenness is 0 where all counts are equal and 1 where one has everything", () => {
  assert.equal(unevenness([5, 5, 5, 5]), 0);
  assert.equal(unevenness([7, 0, 0]), 1);
  assert.ok((unevenness([9, 1]) ?? 0) > (unevenness([6, 4]) ?? 1));
  assert.equal(unevenness([7]), undefined);
  assert.equal(unevenness([0, 0]), undefined);
});
