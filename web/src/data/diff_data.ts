/** The comparison of two datasets, example by example. */
export interface DiffData {
  readonly base: string;
  readonly test: string;
  readonly match: MatchCounts;
  /** Those that differ most come first. */
  readonly features: readonly DiffFeature[];
  readonly pairs: readonly (readonly PairRow[])[];
  readonly confusions: readonly Confusion[];
  readonly notes: readonly string[];
}

export interface MatchCounts {
  readonly pairs: number;
  readonly identifiers: number;
  readonly missingInBase: number;
  readonly missingInTest: number;
  readonly baseWithoutIdentifier: number;
  readonly testWithoutIdentifier: number;
  readonly duplicates: number;
}

export interface DiffFeature {
  readonly name: string;
  /** Pairs in which that side has a value. */
  readonly base: number;
  readonly test: number;
  readonly match: number;
  readonly baseOnly: number;
  readonly testOnly: number;
  readonly mismatch: number;
}

export type PairKind = "identifier" | "mismatch" | "base_only" | "test_only" | "same";

/** One column of a pair; null where that side has no value. */
export interface PairRow {
  readonly column: string;
  readonly base: string | null;
  readonly test: string | null;
  readonly kind: PairKind;
}

export interface Confusion {
  readonly feature: string;
  readonly base: string;
  readonly test: string;
  readonly count: number;
}

/** Whether a pair has other values there. */
export function isDifferent({ kind }: PairRow): boolean {
  return kind !== "same" && kind !== "identifier";
}

export function numDifferent(feature: DiffFeature): number {
  return feature.baseOnly + feature.testOnly + feature.mismatch;
}
