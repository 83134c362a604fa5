import type { EvaluationData, Measured, Series, Slice } from "../data/evaluation_data.ts";
import { measured } from "../data/evaluation_data.ts";
import { metricName, sliceName } from "./metrics.ts";

/** A line of the table of slices. */
export interface SliceRow {
  readonly slice: Slice;
  readonly name: string;
  /** Names of the metrics whose thresholds were not kept here. */
  readonly failures: readonly string[];
}

export interface SliceOrder {
  /** "slice", or the place of a metric. */
  readonly column: "slice" | number;
  readonly isDescending: boolean;
}

function failuresBySlice(data: EvaluationData): Map<number, string[]> {
  const failures = new Map<number, string[]>();
  for (const { validation } of data.evaluations) {
    for (const failure of validation?.failures ?? []) {
      if (failure.slice === null) continue;
      const known = failures.get(failure.slice) ?? [];
      failures.set(failure.slice, [...known, metricName(failure.metric)]);
    }
  }
  return failures;
}

export function makeSliceRows(data: EvaluationData): SliceRow[] {
  const failures = failuresBySlice(data);
  return data.slices.map((slice) => ({ slice, name: sliceName(slice), failures: failures.get(slice.index) ?? [] }));
}

/** The sets of features by which there are slices, most general first: what one can filter by. */
export function featureSets(data: EvaluationData): string[] {
  const sets = new Set(data.slices.filter(({ baseline }) => baseline === undefined).map(({ key }) => featuresOf(key)));
  return [...sets].filter((set) => set !== "");
}

export function featuresOf(key: Slice["key"]): string {
  return key.map(([feature]) => feature).join(" × ");
}

export interface SliceFilter {
  readonly search: string;
  /** Of `featureSets`, or null for all. */
  readonly features: string | null;
  readonly minExamples: number;
  readonly onlyFailures: boolean;
}

/** The slice of all examples always stays: the others are read against it. */
export function filterSlices(rows: readonly SliceRow[], filter: SliceFilter, numExamples: (slice: number) => number | undefined): SliceRow[] {
  const words = filter.search.toLowerCase().split(/\s+/).filter((word) => word !== "");
  return rows.filter((row) => {
    if (row.slice.key.length === 0 && row.slice.baseline === undefined) return true;
    if (filter.onlyFailures && row.failures.length === 0) return false;
    if (filter.features !== null && featuresOf(row.slice.key) !== filter.features) return false;
    if (filter.minExamples > 0 && !((numExamples(row.slice.index) ?? 0) >= filter.minExamples)) return false;
    const name = row.name.toLowerCase();
    return words.every((word) => name.includes(word));
  });
}

/** By the first shown model that has a value; slices without one come last. */
export function sortSlices(data: EvaluationData, rows: readonly SliceRow[], shown: readonly Series[], order: SliceOrder | null): SliceRow[] {
  if (order === null) return [...rows];
  const { column } = order;
  const sign = order.isDescending ? -1 : 1;
  if (column === "slice") return [...rows].sort((a, b) => sign * a.name.localeCompare(b.name, "en", { numeric: true }));
  const keyed = rows.map((row) => {
    const known = shown.map((series) => measured(data, row.slice.index, series.index, column)).find((value): value is Measured => value !== undefined);
    return { row, key: known?.value ?? NaN };
  });
  keyed.sort((a, b) => {
    if (Number.isNaN(a.key) || Number.isNaN(b.key)) return Number(Number.isNaN(a.key)) - Number(Number.isNaN(b.key));
    return a.key === b.key ? 0 : sign * (a.key < b.key ? -1 : 1);
  });
  return keyed.map(({ row }) => row);
}
