import type { DiffData, PairKind } from "./diff_data.ts";

/** As docs/formats/pages.md has it. */
export interface RawDiff {
  page: "diff";
  base: string;
  test: string;
  match: Record<string, number>;
  features: { name: string; base: number; test: number; match: number; base_only: number; test_only: number; mismatch: number }[];
  pairs: [string, string | null, string | null, PairKind][][];
  confusions: [string, string, string, number][];
  notes: string[];
}

export function decodeDiff(raw: RawDiff): DiffData {
  const count = (name: string) => raw.match[name] ?? 0;
  return {
    base: raw.base,
    test: raw.test,
    match: {
      pairs: count("matching_pairs_count"),
      identifiers: count("identifiers_count"),
      missingInBase: count("ids_missing_in_base_count"),
      missingInTest: count("ids_missing_in_test_count"),
      baseWithoutIdentifier: count("base_missing_id_count"),
      testWithoutIdentifier: count("test_missing_id_count"),
      duplicates: count("duplicate_id_count"),
    },
    features: raw.features.map(({ base_only, test_only, ...feature }) => ({ ...feature, baseOnly: base_only, testOnly: test_only })),
    pairs: raw.pairs.map((rows) => rows.map(([column, base, test, kind]) => ({ column, base, test, kind }))),
    confusions: raw.confusions.map(([feature, base, test, count_]) => ({ feature, base, test, count: count_ })),
    notes: raw.notes,
  };
}
