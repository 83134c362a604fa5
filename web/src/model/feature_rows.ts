import type { Anomaly, Cell, Dataset, FeatureKind, StatisticsData } from "../data/statistics_data.ts";
import { distances, type Distances } from "./distance.ts";
import { featureName } from "./numbers.ts";

/** A line of the table: one feature in the datasets that are shown. */
export interface FeatureRow {
  readonly feature: number;
  readonly name: string;
  readonly kind: FeatureKind;
  readonly type: string;
  /** In the order of the shown datasets; null where one lacks the feature. */
  readonly cells: readonly (Cell | null)[];
  /** From the first shown dataset to each of the others. */
  readonly drift: readonly (Distances | null)[];
  readonly anomalies: readonly Anomaly[];
}

export interface RowFilter {
  readonly search: string;
  readonly kind: "all" | "numeric" | "text" | "other";
  readonly onlyAnomalies: boolean;
}

/** How many examples were counted, by weight where asked for and known. */
export function numExamples(dataset: Dataset, byWeight: boolean): number {
  return (byWeight ? dataset.weightedNumExamples : undefined) ?? dataset.numExamples;
}

export function makeRows(data: StatisticsData, shown: readonly Dataset[], byWeight: boolean): FeatureRow[] {
  const anomaliesOf = new Map<number, Anomaly[]>();
  for (const anomaly of data.anomalies?.listed ?? []) {
    if (anomaly.feature === null) continue;
    const known = anomaliesOf.get(anomaly.feature);
    if (known) known.push(anomaly);
    else anomaliesOf.set(anomaly.feature, [anomaly]);
  }
  return data.features.map((path, feature) => {
    const cells = shown.map((dataset) => {
      const cell = dataset.cells[feature] ?? null;
      return byWeight ? (cell?.weighted ?? cell) : cell;
    });
    const [base, ...others] = cells;
    const known = cells.find((cell) => cell !== null);
    return {
      feature,
      name: featureName(path),
      kind: known?.kind ?? "none",
      type: known?.type ?? "",
      cells,
      drift: others.map((other) => (base && other ? distances(base, other) : null)),
      anomalies: anomaliesOf.get(feature) ?? [],
    };
  });
}

function matchesKind(row: FeatureRow, kind: RowFilter["kind"]): boolean {
  if (kind === "all") return true;
  if (kind === "other") return row.kind !== "numeric" && row.kind !== "text";
  return row.kind === kind;
}

/** Every word of the search has to be in the name; case does not matter. */
export function filterRows(rows: readonly FeatureRow[], filter: RowFilter): FeatureRow[] {
  const words = filter.search.toLowerCase().split(/\s+/).filter((word) => word !== "");
  return rows.filter((row) => {
    if (!matchesKind(row, filter.kind)) return false;
    if (filter.onlyAnomalies && row.anomalies.length === 0) return false;
    const name = row.name.toLowerCase();
    return words.every((word) => name.includes(word));
  });
}
