import assert from "node:assert/strict";
import { test } from "node:test";
import { rowAfterKey, scrollToRow, visibleRows } from "../src/model/window.ts";

test("only rows in view and a few around them are drawn", () => {
  const { first, end } = visibleRows(5000, 50, 100_000, 800);
  assert.ok(first <= 2000 && first > 1980);
  assert.ok(end >= 2016 && end < 2036);
  assert.deepEqual(visibleRows(0, 50, 0, 800), { first: 0, end: 0 });
  assert.deepEqual(visibleRows(3, 50, 9_999, 800), { first: 0, end: 3 });
});

test("keys move the selection and stop at the ends", () => {
  assert.equal(rowAfterKey("ArrowDown", -1, 10, 5), 0);
  assert.equal(rowAfterKey("ArrowUp", 0, 10, 5), 0);
  assert.equal(rowAfterKey("PageDown", 8, 10, 5), 9);
  assert.equal(rowAfterKey("End", 0, 10, 5), 9);
  assert.equal(rowAfterKey("a", 0, 10, 5), null);
  assert.equal(rowAfterKey("End", -1, 0, 5), null);
});

test("scrolling shows a row whole and moves no further than that", () => {
  assert.equal(scrollToRow(0, 50, 300, 200), 0);
  assert.equal(scrollToRow(7, 50, 300, 200), 300);
  assert.equal(scrollToRow(10, 50, 300, 200), 350);
});
