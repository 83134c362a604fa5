/**
 * How far two distributions are apart, by the formulas of src/penstock/validation/distribution_distance.cc (those
 * of TFDV), for any two datasets a reader picks.
 */
import type { Cell, Histogram } from "../data/statistics_data.ts";

export interface Distances {
  /** Greatest difference of a value's share; undefined for numbers. */
  readonly lInfinity?: { readonly distance: number; readonly value: string };
  /** Jensen-Shannon divergence, base 2: 0 (equal) to 1; undefined where one side has no values. */
  readonly jensenShannon?: number;
}

type Pair = readonly [number, number];

function divergence(pairs: readonly Pair[]): number | undefined {
  let totalA = 0;
  let totalB = 0;
  for (const [a, b] of pairs) {
    totalA += a;
    totalB += b;
  }
  if (!(totalA > 0) || !(totalB > 0)) return undefined;
  let sumA = 0;
  let sumB = 0;
  for (const [a, b] of pairs) {
    const p = a / totalA;
    const q = b / totalB;
    const middle = (p + q) / 2;
    if (p > 0) sumA += p * Math.log2(p / middle);
    if (q > 0) sumB += q * Math.log2(q / middle);
  }
  return Math.min(1, Math.max(0, (sumA + sumB) / 2));
}

/** Values the page had no room for are one value of their own, so that shares stay shares of all. */
function pairUp(a: Cell, b: Cell): Map<string, Pair> {
  const pairs = new Map<string, Pair>();
  for (const { text, count } of a.listed) pairs.set(text, [count, 0]);
  for (const { text, count } of b.listed) pairs.set(text, [pairs.get(text)?.[0] ?? 0, count]);
  return pairs;
}

function restOf(cell: Cell): number {
  return Math.max(0, cell.totalListed - cell.listed.reduce((sum, value) => sum + value.count, 0));
}

function textDistances(a: Cell, b: Cell): Distances {
  const pairs = pairUp(a, b);
  const totalA = a.totalListed || 1;
  const totalB = b.totalListed || 1;
  let greatest = { distance: 0, value: "" };
  for (const [value, [countA, countB]] of pairs) {
    const distance = Math.abs(countA / totalA - countB / totalB);
    if (distance > greatest.distance) greatest = { distance, value };
  }
  const jensenShannon = divergence([...pairs.values(), [restOf(a), restOf(b)]]);
  return { lInfinity: greatest, ...(jensenShannon === undefined ? {} : { jensenShannon }) };
}

interface Mass {
  readonly intervals: { low: number; high: number; count: number }[];
  readonly points: Map<number, number>;
  infinite: number;
}

function massOf(histogram: Histogram): Mass {
  const mass: Mass = { intervals: [], points: new Map(), infinite: 0 };
  histogram.counts.forEach((count, i) => {
    const low = histogram.edges[i] ?? NaN;
    const high = histogram.edges[i + 1] ?? NaN;
    if (!Number.isFinite(low) || !Number.isFinite(high)) mass.infinite += count;
    else if (low === high) mass.points.set(low, (mass.points.get(low) ?? 0) + count);
    else mass.intervals.push({ low, high, count });
  });
  return mass;
}

/** Each interval's mass over the cells between `edges`, among which are its own ends. Both are sorted. */
function spreadOver(mass: Mass, edges: readonly number[]): number[] {
  const cells = new Array<number>(Math.max(0, edges.length - 1)).fill(0);
  let start = 0;
  for (const { low, high, count } of mass.intervals) {
    while (start < cells.length && (edges[start] ?? Infinity) < low) ++start;
    for (let i = start; i < cells.length && (edges[i] ?? Infinity) < high; ++i)
      cells[i] = (cells[i] ?? 0) + (count * ((edges[i + 1] ?? 0) - (edges[i] ?? 0))) / (high - low);
  }
  return cells;
}

export function histogramDivergence(a: Histogram, b: Histogram, nanA = 0, nanB = 0): number | undefined {
  const massA = massOf(a);
  const massB = massOf(b);
  const ends = [...massA.intervals, ...massB.intervals].flatMap(({ low, high }) => [low, high]);
  const edges = [...new Set(ends)].sort((x, y) => x - y);
  const cellsA = spreadOver(massA, edges);
  const cellsB = spreadOver(massB, edges);
  const pairs: Pair[] = cellsA.map((count, i) => [count, cellsB[i] ?? 0]);
  for (const [point, count] of massA.points) pairs.push([count, massB.points.get(point) ?? 0]);
  for (const [point, count] of massB.points) if (!massA.points.has(point)) pairs.push([0, count]);
  // Where inside an infinite bucket values lie is not known, and NaN is no place: they count as different.
  pairs.push([massA.infinite, 0], [0, massB.infinite], [nanA, 0], [0, nanB]);
  return divergence(pairs);
}

export function distances(a: Cell, b: Cell): Distances {
  if (a.listed.length > 0 && b.listed.length > 0) return textDistances(a, b);
  if (a.histogram === undefined || b.histogram === undefined) return {};
  const jensenShannon = histogramDivergence(a.histogram, b.histogram, a.nan, b.nan);
  return jensenShannon === undefined ? {} : { jensenShannon };
}
