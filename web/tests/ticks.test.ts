import assert from "node:assert/strict";
import { test } from "node:test";
import { symlogTicks } from "../src/model/ticks.ts";

test("ticks are 0 and powers of ten, as many as have room", () => {
  assert.deepEqual(symlogTicks(0, 700, 1), [0, 1, 10, 100]);
  assert.deepEqual(symlogTicks(-20, 20, 1), [-10, -1, 0, 1, 10]);
  const many = symlogTicks(0, 1e12, 1e-3);
  assert.ok(many.length <= 7 && many[0] === 0);
});

test("a range within one power of ten has its ends", () => {
  assert.deepEqual(symlogTicks(-87.9, -87.5, 1), [-87.9, -87.5]);
  assert.deepEqual(symlogTicks(Infinity, -Infinity, 1), []);
});
