import assert from "node:assert/strict";
import { test } from "node:test";
import { distances, histogramDivergence } from "../src/model/distance.ts";
import { cell, text } from "./cells.ts";

test("equal distributions are at distance 0, disjoint ones at 1", () => {
  assert.equal(distances(text({ a: 1, b: 3 }), text({ a: 2, b: 6 })).jensenShannon, 0);
  assert.equal(distances(text({ a: 1 }), text({ b: 1 })).jensenShannon, 1);
});

test("L infinity names the value whose share moved most", () => {
  const { lInfinity } = distances(text({ a: 5, b: 5 }), text({ a: 5, c: 15 }));
  assert.deepEqual(lInfinity, { distance: 0.75, value: "c" });
});

test("values that the page had no room for count in the shares", () => {
  const { lInfinity } = distances(text({ a: 5 }, { totalListed: 10 }), text({ a: 10 }));
  assert.deepEqual(lInfinity, { distance: 0.5, value: "a" });
});

test("histograms are compared over the cells of both", () => {
  const a = { edges: [0, 2], counts: [2] };
  const b = { edges: [0, 1, 2], counts: [2, 0] };
  const p = [0.5, 0.5];
  const q = [1, 0];
  const expected = p.reduce((sum, x, i) => {
    const y = q[i] ?? 0;
    const middle = (x + y) / 2;
    return sum + (x > 0 ? x * Math.log2(x / middle) : 0) / 2 + (y > 0 ? y * Math.log2(y / middle) : 0) / 2;
  }, 0);
  assert.ok(Math.abs((histogramDivergence(a, b) ?? 0) - expected) < 1e-12);
});

test("points, infinities and NaN count as places of their own", () => {
  assert.equal(histogramDivergence({ edges: [3, 3], counts: [4] }, { edges: [3, 3], counts: [9] }), 0);
  assert.equal(histogramDivergence({ edges: [-Infinity, 0], counts: [4] }, { edges: [-Infinity, 0], counts: [4] }), 1);
  assert.ok((histogramDivergence({ edges: [0, 1], counts: [1] }, { edges: [0, 1], counts: [1] }, 1, 0) ?? 0) > 0);
});

test("nothing is measured without values", () => {
  assert.deepEqual(distances(cell({}), cell({})), {});
  assert.equal(distances(cell({ histogram: { edges: [0, 1], counts: [0] } }), cell({ histogram: { edges: [0, 1], counts: [1] } })).jensenShannon, undefined);
});
