/** Which features and pairs of a comparison are shown. */
import { type DiffData, type DiffFeature, isDifferent, numDifferent, type PairRow } from "../data/diff_data.ts";

export interface DiffFilter {
  readonly search: string;
  readonly onlyDifferent: boolean;
}

export function findFeatures(data: DiffData, filter: DiffFilter): DiffFeature[] {
  const wanted = filter.search.trim().toLowerCase();
  return data.features.filter(
    (feature) => (!filter.onlyDifferent || numDifferent(feature) > 0) && feature.name.toLowerCase().includes(wanted),
  );
}

/** The pairs that differ in `feature`; all of them where there is none. */
export function findPairs(data: DiffData, feature: string | null): (readonly PairRow[])[] {
  return data.pairs.filter((rows) => feature === null || rows.some((row) => row.column === feature && isDifferent(row)));
}

/** What a pair differs in. */
export function differing(rows: readonly PairRow[]): string[] {
  return rows.filter(isDifferent).map(({ column }) => column);
}
