import type { Analysis, EvaluationData, Measured, Metric, Plot, Slice, Validation } from "./evaluation_data.ts";
import { valueKey } from "./evaluation_data.ts";
import { decodeNumber, type RawNumber } from "./raw_number.ts";

type RawKey = [string, string][];

interface RawMetric {
  name: string;
  of: string;
  aggregation: string;
  weighted: boolean | null;
  is_change: boolean;
}

interface RawMatrix {
  threshold: RawNumber;
  entries: [number, number, RawNumber][];
}

interface RawPlot {
  slice: number;
  series: number;
  of: string;
  thresholds?: [RawNumber, RawNumber, RawNumber, RawNumber, RawNumber][];
  calibration?: [RawNumber, RawNumber, RawNumber, RawNumber, RawNumber][];
  classes?: RawMatrix[];
  labels?: RawMatrix[];
}

interface RawValidation {
  is_blessed: boolean;
  is_rubber_stamp: boolean;
  failures: {
    slice: number | null;
    slice_key: RawKey | { baseline: RawKey; comparison: RawKey };
    metric: RawMetric;
    model: string;
    message: string;
    value: RawNumber | null;
    limits?: [string, RawNumber][];
  }[];
  missing_slices: string[];
}

/** [series, metric, value] or with lower and upper bound; a text that is no number says why there is none. */
type RawValue = [number, number, number | string, RawNumber?, RawNumber?];

interface RawAnalysis {
  num_examples: RawNumber;
  importance: { metric: string; value: RawNumber; columns: { column: string; change: RawNumber; deviation: RawNumber }[] } | null;
  dependences: { column: string; values: (number | string)[]; means: RawNumber[]; examples: RawNumber[][] }[];
  contributions: { unit: string; expected: RawNumber; features: { feature: string; mean: RawNumber; mean_absolute: RawNumber }[]; examples: RawNumber[][] } | null;
}

/** The JSON as src/penstock/pages writes it. */
export interface RawEvaluation {
  page: "evaluation";
  evaluations: { name: string; validation: RawValidation | null; analysis?: RawAnalysis | null }[];
  slices: (RawKey | { baseline: RawKey; comparison: RawKey })[];
  series: { evaluation: number; model: string; output: string }[];
  metrics: RawMetric[];
  values: RawValue[][];
  plots: RawPlot[];
  attributions?: { slice: number; series: number; metric: string; of: string; features: [string, RawNumber][] }[];
  notes: string[];
}

function decodeSlice(raw: RawKey | { baseline: RawKey; comparison: RawKey }, index: number): Slice {
  return Array.isArray(raw) ? { index, key: raw } : { index, key: raw.comparison, baseline: raw.baseline };
}

function decodeMetric(raw: RawMetric): Omit<Metric, "index"> {
  const { name, of, aggregation, weighted, is_change: isChange } = raw;
  return { name, of, aggregation, weighted, isChange };
}

function decodeValue([, , value, lower, upper]: RawValue): Measured {
  const number = Number(value);
  if (typeof value === "string" && value !== "NaN" && Number.isNaN(number)) return { value: NaN, message: value };
  return {
    value: number,
    lower: lower === undefined ? undefined : decodeNumber(lower),
    upper: upper === undefined ? undefined : decodeNumber(upper),
  };
}

function decodePlot(raw: RawPlot): Plot {
  const matrix = ({ threshold, entries }: RawMatrix) => ({
    threshold: decodeNumber(threshold),
    entries: entries.map(([actual, predicted, weight]) => ({ actual, predicted, weight: decodeNumber(weight) })),
  });
  return {
    slice: raw.slice,
    series: raw.series,
    of: raw.of,
    thresholds: (raw.thresholds ?? []).map((row) => {
      const [threshold, trueNegatives, falsePositives, falseNegatives, truePositives] = row.map(decodeNumber) as [number, number, number, number, number];
      return { threshold, trueNegatives, falsePositives, falseNegatives, truePositives };
    }),
    calibration: (raw.calibration ?? []).map((row) => {
      const [lower, upper, weight, labelSum, predictionSum] = row.map(decodeNumber) as [number, number, number, number, number];
      return { lower, upper, weight, labelSum, predictionSum };
    }),
    classes: [...(raw.classes ?? []), ...(raw.labels ?? [])].map(matrix),
  };
}

function decodeValidation(raw: RawValidation): Validation {
  return {
    isBlessed: raw.is_blessed,
    isRubberStamp: raw.is_rubber_stamp,
    missingSlices: raw.missing_slices,
    failures: raw.failures.map((failure) => ({
      slice: failure.slice,
      sliceKey: decodeSlice(failure.slice_key, -1).key,
      metric: decodeMetric(failure.metric),
      model: failure.model,
      message: failure.message,
      value: failure.value === null ? null : decodeNumber(failure.value),
      limits: (failure.limits ?? []).map(([name, limit]) => [name, decodeNumber(limit)] as const),
    })),
  };
}

function decodeAnalysis(raw: RawAnalysis): Analysis {
  const { importance, contributions } = raw;
  return {
    numExamples: decodeNumber(raw.num_examples),
    importance: importance && {
      metric: importance.metric,
      value: decodeNumber(importance.value),
      columns: importance.columns.map(({ column, change, deviation }) => ({ column, change: decodeNumber(change), deviation: decodeNumber(deviation) })),
    },
    dependences: raw.dependences.map(({ column, values, means, examples }) => ({
      column,
      values,
      means: means.map(decodeNumber),
      examples: examples.map((example) => example.map(decodeNumber)),
    })),
    contributions: contributions && {
      unit: contributions.unit,
      expected: decodeNumber(contributions.expected),
      features: contributions.features.map(({ feature, mean, mean_absolute: meanAbsolute }) => ({ feature, mean: decodeNumber(mean), meanAbsolute: decodeNumber(meanAbsolute) })),
      examples: contributions.examples.map((example) => example.map(decodeNumber)),
    },
  };
}

export function decodeEvaluation(raw: RawEvaluation): EvaluationData {
  return {
    evaluations: raw.evaluations.map(({ name, validation, analysis }) => ({
      name,
      validation: validation && decodeValidation(validation),
      analysis: analysis ? decodeAnalysis(analysis) : null,
    })),
    slices: raw.slices.map(decodeSlice),
    series: raw.series.map((series, index) => ({ ...series, index })),
    metrics: raw.metrics.map((metric, index) => ({ ...decodeMetric(metric), index })),
    values: raw.slices.map((_, slice) => new Map((raw.values[slice] ?? []).map((value) => [valueKey(value[0], value[1]), decodeValue(value)]))),
    plots: raw.plots.map(decodePlot),
    attributions: (raw.attributions ?? []).map(({ features, ...rest }) => ({ ...rest, features: features.map(([feature, value]) => ({ feature, value: decodeNumber(value) })) })),
    notes: raw.notes,
  };
}
