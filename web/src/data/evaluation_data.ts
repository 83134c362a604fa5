/** The data of an evaluation page: the "Evaluation" form of docs/formats/pages.md, decoded. */

/** An ordinary slice, or one group held against another. */
export interface Slice {
  readonly index: number;
  /** Feature and value, the values as texts; empty: all examples. */
  readonly key: readonly (readonly [string, string])[];
  /** For a cross slice: what `key` is compared with. */
  readonly baseline?: readonly (readonly [string, string])[] | undefined;
}

/** A model (and output of it) of one evaluation. */
export interface Series {
  readonly index: number;
  readonly evaluation: number;
  readonly model: string;
  readonly output: string;
}

export interface Metric {
  readonly index: number;
  readonly name: string;
  /** "class 1", "top 3", or "". */
  readonly of: string;
  readonly aggregation: string;
  readonly weighted: boolean | null;
  /** The candidate's less the baseline's. */
  readonly isChange: boolean;
}

/** A metric of one slice and series. */
export interface Measured {
  readonly value: number;
  readonly lower?: number | undefined;
  readonly upper?: number | undefined;
  /** Why there is no number. */
  readonly message?: string | undefined;
}

/** A binary confusion matrix; predictions above `threshold` are positive. */
export interface ThresholdCounts {
  readonly threshold: number;
  readonly trueNegatives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly truePositives: number;
}

export interface CalibrationBucket {
  readonly lower: number;
  readonly upper: number;
  readonly weight: number;
  readonly labelSum: number;
  readonly predictionSum: number;
}

/** Who was what and was taken for what. Predicted -1: no class was above the threshold. */
export interface ClassMatrix {
  readonly threshold: number;
  readonly entries: readonly { readonly actual: number; readonly predicted: number; readonly weight: number }[];
}

export interface Plot {
  readonly slice: number;
  readonly series: number;
  readonly of: string;
  readonly thresholds: readonly ThresholdCounts[];
  readonly calibration: readonly CalibrationBucket[];
  readonly classes: readonly ClassMatrix[];
}

/** What each feature adds to the predictions of a slice, the largest first. */
export interface Attribution {
  readonly slice: number;
  readonly series: number;
  readonly metric: string;
  readonly of: string;
  readonly features: readonly { readonly feature: string; readonly value: number }[];
}

export interface ThresholdFailure {
  /** Null: a slice that is not on the page. */
  readonly slice: number | null;
  readonly sliceKey: Slice["key"];
  readonly metric: Omit<Metric, "index">;
  readonly model: string;
  readonly message: string;
  readonly value: number | null;
  readonly limits: readonly (readonly [string, number])[];
}

export interface Validation {
  readonly isBlessed: boolean;
  readonly isRubberStamp: boolean;
  readonly failures: readonly ThresholdFailure[];
  readonly missingSlices: readonly string[];
}

/** What a model's predictions depend on. */
export interface Analysis {
  readonly numExamples: number;
  /** How much a metric changes when a column's values are dealt out anew. */
  readonly importance: {
    readonly metric: string;
    readonly value: number;
    readonly columns: readonly { readonly column: string; readonly change: number; readonly deviation: number }[];
  } | null;
  /** The mean prediction where all examples have one value of a column, and of single examples. */
  readonly dependences: readonly {
    readonly column: string;
    readonly values: readonly (number | string)[];
    readonly means: readonly number[];
    readonly examples: readonly (readonly number[])[];
  }[];
  /** What each feature adds to the margin; of single examples too. */
  readonly contributions: {
    readonly unit: string;
    readonly expected: number;
    readonly features: readonly { readonly feature: string; readonly mean: number; readonly meanAbsolute: number }[];
    readonly examples: readonly (readonly number[])[];
  } | null;
}

export interface EvaluationData {
  readonly evaluations: readonly { readonly name: string; readonly validation: Validation | null; readonly analysis: Analysis | null }[];
  readonly slices: readonly Slice[];
  readonly series: readonly Series[];
  readonly metrics: readonly Metric[];
  /** By slice, then by series and metric: `values[slice]?.get(valueKey(series, metric))`. */
  readonly values: readonly ReadonlyMap<number, Measured>[];
  readonly plots: readonly Plot[];
  readonly attributions: readonly Attribution[];
  readonly notes: readonly string[];
}

const MAX_METRICS = 100_000;

export function valueKey(series: number, metric: number): number {
  return series * MAX_METRICS + metric;
}

export function measured(data: EvaluationData, slice: number, series: number, metric: number): Measured | undefined {
  return data.values[slice]?.get(valueKey(series, metric));
}
