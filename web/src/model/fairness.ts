import type { EvaluationData, Series, Slice, ThresholdCounts } from "../data/evaluation_data.ts";
import { countsAt, type Rates, ratesOf } from "./confusion.ts";
import { keyName } from "./metrics.ts";

export type RateName = Exclude<keyof Rates, "f1">;

/** The rates of fairness, and what asking for equal ones is called. */
export const FAIRNESS_RATES: readonly { readonly rate: RateName; readonly label: string }[] = [
  { rate: "falsePositiveRate", label: "false positive rate" },
  { rate: "falseNegativeRate", label: "false negative rate" },
  { rate: "recall", label: "true positive rate (equal opportunity)" },
  { rate: "trueNegativeRate", label: "true negative rate" },
  { rate: "positiveRate", label: "positive rate (demographic parity)" },
  { rate: "precision", label: "precision" },
  { rate: "accuracy", label: "accuracy" },
];

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** How many of how many a rate counts. */
function partsOf(counts: ThresholdCounts, rate: RateName): { part: number; all: number } {
  const { trueNegatives: tn, falsePositives: fp, falseNegatives: fn, truePositives: tp } = counts;
  switch (rate) {
    case "falsePositiveRate":
      return { part: fp, all: fp + tn };
    case "falseNegativeRate":
      return { part: fn, all: fn + tp };
    case "recall":
      return { part: tp, all: fn + tp };
    case "trueNegativeRate":
      return { part: tn, all: fp + tn };
    case "positiveRate":
      return { part: tp + fp, all: tp + fp + tn + fn };
    case "precision":
      return { part: tp, all: tp + fp };
    case "accuracy":
      return { part: tp + tn, all: tp + fp + tn + fn };
  }
}

/** Wilson's interval of a share (95 %); the whole range without examples. */
export function wilson(part: number, all: number): Interval {
  if (!(all > 0)) return { low: 0, high: 1 };
  const z = 1.959964;
  const share = part / all;
  const middle = (share + (z * z) / (2 * all)) / (1 + (z * z) / all);
  const half = (z / (1 + (z * z) / all)) * Math.sqrt((share * (1 - share)) / all + (z * z) / (4 * all * all));
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/** A group of examples in the eyes of one model. */
export interface Group {
  readonly slice: Slice;
  readonly name: string;
  readonly thresholds: readonly ThresholdCounts[];
}

/** Slices by the same features that have confusion matrices of the model. */
export function groupsOf(data: EvaluationData, series: Series, features: string): Group[] {
  return data.plots
    .filter((plot) => plot.series === series.index && plot.thresholds.length > 0)
    .flatMap((plot) => {
      const slice = data.slices[plot.slice];
      if (!slice || slice.baseline !== undefined) return [];
      const own = slice.key.map(([feature]) => feature).join(" × ");
      return own === features || slice.key.length === 0 ? [{ slice, name: keyName(slice.key), thresholds: plot.thresholds }] : [];
    });
}

export interface GroupRate {
  readonly group: Group;
  readonly rate: number;
  readonly interval: Interval;
  readonly numExamples: number;
  /** To the baseline group; NaN where one of them has no rate. */
  readonly difference: number;
}

export function groupRates(groups: readonly Group[], rate: RateName, threshold: number, baseline: number): GroupRate[] {
  const rated = groups.flatMap((group) => {
    const counts = countsAt(group.thresholds, threshold);
    if (!counts) return [];
    const { part, all } = partsOf(counts, rate);
    const { trueNegatives, falsePositives, falseNegatives, truePositives } = counts;
    return [{ group, rate: ratesOf(counts)[rate], interval: wilson(part, all), numExamples: trueNegatives + falsePositives + falseNegatives + truePositives }];
  });
  const reference = rated.find(({ group }) => group.slice.index === baseline)?.rate ?? NaN;
  return rated.map((of) => ({ ...of, difference: of.rate - reference }));
}

/** The greatest difference of a rate between any two groups (not all examples); NaN with fewer than two. */
export function greatestGap(groups: readonly Group[], rate: RateName, threshold: number): number {
  const rates = groups
    .filter(({ slice }) => slice.key.length > 0)
    .map(({ thresholds }) => countsAt(thresholds, threshold))
    .flatMap((counts) => (counts ? [ratesOf(counts)[rate]] : []))
    .filter((value) => !Number.isNaN(value));
  return rates.length < 2 ? NaN : Math.max(...rates) - Math.min(...rates);
}
