import type { Cell } from "../src/data/statistics_data.ts";

/** A cell for tests: what is not given is 0 or empty. */
export function cell(given: Partial<Cell>): Cell {
  const listed = given.listed ?? [];
  return {
    type: "INT",
    kind: "numeric",
    present: 10,
    missing: 0,
    minValues: 1,
    maxValues: 1,
    meanValues: 1,
    totalValues: 10,
    levels: [],
    custom: [],
    totalListed: listed.reduce((sum, { count }) => sum + count, 0),
    ...given,
    listed,
  };
}

export function text(counts: Record<string, number>, given: Partial<Cell> = {}): Cell {
  const listed = Object.entries(counts).map(([value, count]) => ({ text: value, count }));
  return cell({ type: "STRING", kind: "text", unique: listed.length, listed, ...given });
}
