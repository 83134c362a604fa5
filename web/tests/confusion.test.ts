import assert from "node:assert/strict";
import { test } from "node:test";
import { calibrationError, calibrationPoints, countsAt, precisionRecallCurve, ratesOf, rocCurve } from "../src/model/confusion.ts";
import { type Group, greatestGap, groupRates, wilson } from "../src/model/fairness.ts";

const at = (threshold: number, tn: number, fp: number, fn: number, tp: number) => ({ threshold, trueNegatives: tn, falsePositives: fp, falseNegatives: fn, truePositives: tp });
const thresholds = [at(-1e-6, 0, 60, 0, 40), at(0.5, 50, 10, 10, 30), at(1, 60, 0, 40, 0)];
const near = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 1e-6, `${actual} is not ${expected}`);

test("rates follow from the matrix at the nearest threshold", () => {
  const counts = countsAt(thresholds, 0.55);
  assert.equal(counts?.threshold, 0.5);
  const rates = ratesOf(counts ?? at(0, 0, 0, 0, 0));
  near(rates.accuracy, 0.8);
  near(rates.precision, 0.75);
  near(rates.recall, 0.75);
  near(rates.falsePositiveRate, 1 / 6);
  near(rates.f1, 0.75);
  assert.ok(Number.isNaN(ratesOf(at(0, 1, 0, 0, 0)).recall));
});

test("curves run from the strictest threshold on and leave out what is not defined", () => {
  assert.deepEqual(rocCurve(thresholds).map(({ x, y }) => [x, y]), [[0, 0], [1 / 6, 0.75], [1, 1]]);
  assert.deepEqual(precisionRecallCurve(thresholds).map(({ x, y }) => [x, y]), [[0.75, 0.75], [1, 0.4]]);
});

test("calibration holds labels against predictions, bucket by bucket", () => {
  const buckets = [
    { lower: -Infinity, upper: 0, weight: 0, labelSum: 0, predictionSum: 0 },
    { lower: 0, upper: 0.5, weight: 10, labelSum: 1, predictionSum: 2 },
    { lower: 0.5, upper: 1, weight: 30, labelSum: 30, predictionSum: 24 },
  ];
  assert.deepEqual(calibrationPoints(buckets).map(({ prediction, label }) => [prediction, label]), [[0.2, 0.1], [0.8, 1]]);
  near(calibrationError(buckets), 0.25 * 0.1 + 0.75 * 0.2);
  assert.ok(Number.isNaN(calibrationError([])));
});

test("Wilson's interval holds the share and knows nothing without examples", () => {
  const { low, high } = wilson(5, 10);
  near(low, 0.2365931);
  near(high, 0.7634069);
  assert.deepEqual(wilson(0, 0), { low: 0, high: 1 });
});

const group = (index: number, key: [string, string][], of: typeof thresholds): Group => ({ slice: { index, key }, name: String(index), thresholds: of });
const groups = [group(0, [], [at(0.5, 70, 30, 0, 0)]), group(1, [["sex", "a"]], [at(0.5, 40, 10, 0, 0)]), group(2, [["sex", "b"]], [at(0.5, 30, 20, 0, 0)])];

test("groups are held against a baseline group", () => {
  const rates = groupRates(groups, "falsePositiveRate", 0.5, 0);
  assert.deepEqual(rates.map(({ rate }) => rate), [0.3, 0.2, 0.4]);
  near(rates[2]?.difference ?? NaN, 0.1);
  assert.equal(rates[1]?.numExamples, 50);
});

test("the greatest gap is between groups, not to all examples", () => {
  near(greatestGap(groups, "falsePositiveRate", 0.5), 0.2);
  assert.ok(Number.isNaN(greatestGap(groups, "recall", 0.5)));
});
