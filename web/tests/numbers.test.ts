import assert from "node:assert/strict";
import { test } from "node:test";
import { featureName, formatNumber, formatShare, formatShort, visibleText } from "../src/model/numbers.ts";

test("numbers have four digits, whole ones all of theirs", () => {
  assert.equal(formatNumber(1234567), "1,234,567");
  assert.equal(formatNumber(-0.123456), "−0.1235");
  assert.equal(formatNumber(12345.678), "12,346");
  assert.equal(formatNumber(1e-7), "1.000e−7");
  assert.equal(formatNumber(1e300), "1.000e+300");
  assert.equal(formatNumber(undefined), "–");
});

test("numbers that are none say so", () => {
  assert.equal(formatNumber(NaN), "NaN");
  assert.equal(formatNumber(-Infinity), "−∞");
  assert.equal(formatShort(Infinity), "∞");
});

test("narrow columns shorten large numbers", () => {
  assert.equal(formatShort(1408495048), "1.408B");
  assert.equal(formatShort(123456), "123,456");
  assert.equal(formatShort(-3.5e-301), "−3.5e−301");
});

test("a share never hides that there are some, or others", () => {
  assert.equal(formatShare(0, 10), "0.0%");
  assert.equal(formatShare(1, 1e6), "<0.1%");
  assert.equal(formatShare(999_999, 1e6), ">99.9%");
  assert.equal(formatShare(1, 0), "–");
});

test("characters that hide or reorder text become visible", () => {
  assert.equal(visibleText("a\nb\tc\u0000"), "a⏎b⇥c⟨U+0000⟩");
  assert.equal(visibleText("fare\u202Egpj"), "fare⟨U+202E⟩gpj");
  assert.equal(visibleText("Größe 東京 🚕"), "Größe 東京 🚕");
});

test("a feature without a name has one to click on", () => {
  assert.equal(featureName([""]), "(no name)");
  assert.equal(featureName(["a", "b"]), "a.b");
});
