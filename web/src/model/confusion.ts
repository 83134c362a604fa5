import type { CalibrationBucket, ThresholdCounts } from "../data/evaluation_data.ts";

/** What follows from a binary confusion matrix; NaN where nothing is divided. */
export interface Rates {
  readonly accuracy: number;
  readonly precision: number;
  readonly recall: number;
  readonly falsePositiveRate: number;
  readonly falseNegativeRate: number;
  readonly trueNegativeRate: number;
  readonly positiveRate: number;
  readonly f1: number;
}

function ratio(part: number, all: number): number {
  return all > 0 ? part / all : NaN;
}

export function ratesOf(counts: ThresholdCounts): Rates {
  const { trueNegatives: tn, falsePositives: fp, falseNegatives: fn, truePositives: tp } = counts;
  return {
    accuracy: ratio(tp + tn, tp + tn + fp + fn),
    precision: ratio(tp, tp + fp),
    recall: ratio(tp, tp + fn),
    falsePositiveRate: ratio(fp, fp + tn),
    falseNegativeRate: ratio(fn, tp + fn),
    trueNegativeRate: ratio(tn, fp + tn),
    positiveRate: ratio(tp + fp, tp + tn + fp + fn),
    f1: ratio(2 * tp, 2 * tp + fp + fn),
  };
}

/** The matrix at the threshold nearest to `threshold`. */
export function countsAt(thresholds: readonly ThresholdCounts[], threshold: number): ThresholdCounts | undefined {
  let nearest: ThresholdCounts | undefined;
  for (const counts of thresholds)
    if (nearest === undefined || Math.abs(counts.threshold - threshold) < Math.abs(nearest.threshold - threshold)) nearest = counts;
  return nearest;
}

export interface CurvePoint {
  readonly x: number;
  readonly y: number;
  readonly threshold: number;
}

function defined(points: CurvePoint[]): CurvePoint[] {
  return points.filter(({ x, y }) => !Number.isNaN(x) && !Number.isNaN(y));
}

/** False positive rate against recall, from the origin to (1, 1). */
export function rocCurve(thresholds: readonly ThresholdCounts[]): CurvePoint[] {
  const points = thresholds.map((counts) => {
    const { falsePositiveRate, recall } = ratesOf(counts);
    return { x: falsePositiveRate, y: recall, threshold: counts.threshold };
  });
  return defined(points).reverse();
}

/** Recall against precision, where anything is predicted positive. */
export function precisionRecallCurve(thresholds: readonly ThresholdCounts[]): CurvePoint[] {
  const points = thresholds.map((counts) => {
    const { precision, recall } = ratesOf(counts);
    return { x: recall, y: precision, threshold: counts.threshold };
  });
  return defined(points).reverse();
}

/** Mean prediction and mean label of a bucket of predictions. */
export interface CalibrationPoint {
  readonly prediction: number;
  readonly label: number;
  readonly weight: number;
  readonly lower: number;
  readonly upper: number;
}

export function calibrationPoints(buckets: readonly CalibrationBucket[]): CalibrationPoint[] {
  return buckets
    .filter(({ weight }) => weight > 0)
    .map(({ lower, upper, weight, labelSum, predictionSum }) => ({ prediction: predictionSum / weight, label: labelSum / weight, weight, lower, upper }))
    .filter(({ prediction, label }) => Number.isFinite(prediction) && Number.isFinite(label));
}

/** Expected calibration error: how far labels are from predictions, weighed by bucket. */
export function calibrationError(buckets: readonly CalibrationBucket[]): number {
  const points = calibrationPoints(buckets);
  const all = points.reduce((sum, { weight }) => sum + weight, 0);
  return all > 0 ? points.reduce((sum, { prediction, label, weight }) => sum + weight * Math.abs(prediction - label), 0) / all : NaN;
}
