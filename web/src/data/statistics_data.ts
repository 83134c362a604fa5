/**
 * The data of a statistics page: the "Statistics" form of docs/formats/pages.md, decoded. Numbers that JSON
 * cannot hold stand there as texts; here they are numbers.
 */
/** Contiguous buckets: `counts[i]` values lie from `edges[i]` to `edges[i + 1]`. */
export interface Histogram {
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

export interface ListedValue {
  readonly text: string;
  readonly count: number;
}

export interface CustomStatistic {
  readonly name: string;
  readonly number?: number;
  readonly text?: string;
}

/** How many examples have the feature at one level of nesting, and with how many values. */
export interface Level {
  readonly present: number;
  readonly missing: number;
  readonly minValues: number;
  readonly maxValues: number;
  readonly totalValues: number;
}

export type FeatureKind = "numeric" | "text" | "bytes" | "struct" | "none";

/** The statistics of one feature in one dataset. What does not apply is undefined. */
export interface Cell {
  readonly type: string;
  readonly kind: FeatureKind;
  readonly present: number;
  readonly missing: number;
  readonly minValues: number;
  readonly maxValues: number;
  readonly meanValues: number;
  readonly totalValues: number;
  readonly zeros?: number | undefined;
  readonly nan?: number | undefined;
  readonly mean?: number | undefined;
  readonly deviation?: number | undefined;
  readonly min?: number | undefined;
  readonly median?: number | undefined;
  readonly max?: number | undefined;
  readonly histogram?: Histogram | undefined;
  readonly quantiles?: Histogram | undefined;
  readonly unique?: number | undefined;
  readonly meanLength?: number | undefined;
  readonly invalidUtf8?: number | undefined;
  readonly listed: readonly ListedValue[];
  /** How often all listed values occur together, also those that the page had no room for. */
  readonly totalListed: number;
  readonly valueCounts?: Histogram | undefined;
  readonly listLengths?: Histogram | undefined;
  readonly levels: readonly Level[];
  readonly minBytes?: number | undefined;
  readonly maxBytes?: number | undefined;
  readonly meanBytes?: number | undefined;
  readonly custom: readonly CustomStatistic[];
  /** The same statistics with each example counted by its weight. */
  readonly weighted?: Cell | undefined;
}

export interface Correlation {
  readonly x: number;
  readonly y: number;
  readonly correlation: number;
}

/** How much more frequent a label is among examples with a value of a feature: 1 as everywhere. */
export interface Lift {
  readonly feature: number;
  readonly labelFeature: number;
  readonly label: string;
  readonly values: readonly { readonly text: string; readonly lift: number; readonly count: number }[];
}

export interface Dataset {
  /** Where it stands in `datasets`. */
  readonly index: number;
  readonly file: number;
  readonly name: string;
  readonly isWhole: boolean;
  readonly numExamples: number;
  readonly weightedNumExamples: number | undefined;
  /** By feature; null where the dataset lacks it. */
  readonly cells: readonly (Cell | null)[];
  readonly correlations: readonly Correlation[];
  readonly lifts: readonly Lift[];
}

export type Severity = "ERROR" | "WARNING" | "UNKNOWN";

export interface AnomalyReason {
  readonly type: string;
  readonly what: string;
  readonly explanation: string;
}

/** What to change in the schema so that an anomaly goes away: texts of schema parts. */
export interface SchemaFix {
  readonly before?: string;
  readonly after?: string;
}

export interface Anomaly {
  /** Null: of the dataset. */
  readonly feature: number | null;
  readonly severity: Severity;
  readonly reasons: readonly AnomalyReason[];
  readonly fixes: readonly SchemaFix[];
}

/** A distance that validation measured, and its limit. */
export interface Measurement {
  readonly feature: number;
  readonly against: "previous" | "serving";
  readonly distance: string;
  readonly value: number;
  readonly threshold: number;
}

export interface Anomalies {
  readonly listed: readonly Anomaly[];
  readonly measurements: readonly Measurement[];
  readonly dataMissing: boolean;
}

export interface StatisticsData {
  readonly startsWithAnomalies: boolean;
  readonly files: readonly string[];
  /** Paths of features. */
  readonly features: readonly (readonly string[])[];
  readonly datasets: readonly Dataset[];
  /** Null: the page is not about a validation. */
  readonly anomalies: Anomalies | null;
  readonly notes: readonly string[];
}
