import type { Cell } from "../data/statistics_data.ts";
import type { FeatureRow } from "./feature_rows.ts";
import { unevenness } from "./histogram.ts";
import { formatCount, formatShare, formatShort, NOTHING, visibleText } from "./numbers.ts";

/** A column of numbers about one cell. */
export interface CellColumn {
  readonly id: string;
  readonly label: string;
  readonly explanation: string;
  readonly isText?: boolean;
  /** The kind of features it is about; undefined: all. */
  readonly only?: "numeric" | "text";
  readonly value: (cell: Cell) => number | string | undefined;
  readonly format: (cell: Cell, asShare: boolean) => string;
  /** Something to look at: shown in red. */
  readonly isAlarming?: (cell: Cell) => boolean;
}

/** More zeros than this share of all values are worth a look. */
const MANY_ZEROS = 0.5;

const numExamplesOf = (cell: Cell) => cell.present + cell.missing;
const numNumbers = (cell: Cell) => cell.totalValues - (cell.nan ?? 0);

function share(part: number | undefined, all: number): number | undefined {
  return part === undefined || !(all > 0) ? undefined : part / all;
}

function numberColumn(
  id: string,
  label: string,
  explanation: string,
  value: (cell: Cell) => number | undefined,
  only: "numeric" | "text" = "numeric",
): CellColumn {
  const known = (cell: Cell) => (cell.kind === "numeric" && numNumbers(cell) <= 0 ? undefined : value(cell));
  return { id, label, explanation, only, value: known, format: (cell) => formatShort(known(cell)) };
}

export const CELL_COLUMNS: readonly CellColumn[] = [
  {
    id: "present",
    label: "count",
    explanation: "Examples that have the feature",
    value: (cell) => cell.present,
    format: (cell, asShare) => (asShare ? formatShare(cell.present, numExamplesOf(cell)) : formatCount(cell.present)),
  },
  {
    id: "missing",
    label: "missing",
    explanation: "Examples that lack it; red: any",
    value: (cell) => share(cell.missing, numExamplesOf(cell)),
    format: (cell, asShare) => (asShare ? formatShare(cell.missing, numExamplesOf(cell)) : formatCount(cell.missing)),
    isAlarming: (cell) => cell.missing > 0,
  },
  {
    id: "zeros",
    label: "zeros",
    only: "numeric",
    explanation: "Values that are 0; red: at least half of them",
    value: (cell) => share(cell.zeros, numNumbers(cell)),
    format: (cell, asShare) => {
      if (cell.zeros === undefined) return NOTHING;
      return asShare ? formatShare(cell.zeros, numNumbers(cell)) : formatCount(cell.zeros);
    },
    isAlarming: (cell) => (share(cell.zeros, numNumbers(cell)) ?? 0) >= MANY_ZEROS,
  },
  numberColumn("mean", "mean", "Mean of the values", (cell) => cell.mean),
  numberColumn("deviation", "std dev", "Standard deviation", (cell) => cell.deviation),
  numberColumn("min", "min", "Least value", (cell) => cell.min),
  numberColumn("median", "median", "Median", (cell) => cell.median),
  numberColumn("max", "max", "Greatest value", (cell) => cell.max),
  numberColumn("unique", "unique", "Distinct values", (cell) => cell.unique, "text"),
  {
    id: "top",
    label: "top value",
    only: "text",
    explanation: "The most frequent value and how often it occurs",
    isText: true,
    value: (cell) => cell.listed[0]?.text,
    format: (cell, asShare) => {
      const top = cell.listed[0];
      if (top === undefined) return NOTHING;
      const often = asShare ? formatShare(top.count, cell.totalValues) : formatCount(top.count);
      return `${visibleText(top.text)} (${often})`;
    },
  },
];

export interface SortOrder {
  readonly column: string;
  readonly isDescending: boolean;
}

function greatestDrift(row: FeatureRow): number | undefined {
  const known = row.drift.map((distance) => distance?.jensenShannon).filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function anomalyRank(row: FeatureRow): number | undefined {
  if (row.anomalies.length === 0) return undefined;
  return row.anomalies.some((anomaly) => anomaly.severity === "ERROR") ? 2 : 1;
}

/** What a column sorts by: of the first dataset, or of the first that has the feature. */
export function sortKey(row: FeatureRow, column: string): number | string | undefined {
  if (column === "feature") return row.name;
  if (column === "drift") return greatestDrift(row);
  if (column === "anomalies") return anomalyRank(row);
  const cell = row.cells.find((candidate) => candidate !== null);
  if (column === "distribution") return cell ? unevenness(cell.histogram?.counts ?? cell.listed.map(({ count }) => count)) : undefined;
  const value = cell && CELL_COLUMNS.find(({ id }) => id === column)?.value(cell);
  return value ?? undefined;
}

/** "data order" is null. Rows without a value come last in either direction; equal ones keep their order. */
export function sortRows(rows: readonly FeatureRow[], order: SortOrder | null): FeatureRow[] {
  if (order === null) return [...rows];
  const keyed = rows.map((row) => ({ row, key: sortKey(row, order.column) }));
  const sign = order.isDescending ? -1 : 1;
  const isNothing = (key: number | string | undefined) => key === undefined || Number.isNaN(key);
  keyed.sort((a, b) => {
    if (isNothing(a.key) || isNothing(b.key)) return Number(isNothing(a.key)) - Number(isNothing(b.key));
    if (typeof a.key === "string" || typeof b.key === "string") return sign * String(a.key).localeCompare(String(b.key), "en", { numeric: true });
    const difference = (a.key ?? 0) - (b.key ?? 0);
    return Number.isNaN(difference) ? 0 : sign * difference;
  });
  return keyed.map(({ row }) => row);
}

/** First click: the side one looks for (most first; texts from A), then the other, then the data's order. */
export function nextOrder(order: SortOrder | null, column: string, isText: boolean): SortOrder | null {
  if (order?.column !== column) return { column, isDescending: !isText };
  if (order.isDescending !== isText) return { column, isDescending: isText };
  return null;
}
