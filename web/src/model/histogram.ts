import type { Histogram } from "../data/statistics_data.ts";

/** One bar: how much lies from `low` to `high`. */
export interface Bar {
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

export function total(histogram: Histogram): number {
  return histogram.counts.reduce((sum, count) => sum + count, 0);
}

/** The buckets between finite edges. What lies in infinite ones has no place on an axis: see `infiniteCount`. */
export function finiteBars(histogram: Histogram): Bar[] {
  const bars: Bar[] = [];
  histogram.counts.forEach((count, i) => {
    const low = histogram.edges[i] ?? NaN;
    const high = histogram.edges[i + 1] ?? NaN;
    if (Number.isFinite(low) && Number.isFinite(high)) bars.push({ low, high, count });
  });
  return bars;
}

export function infiniteCount(histogram: Histogram): number {
  return total(histogram) - finiteBars(histogram).reduce((sum, bar) => sum + bar.count, 0);
}

function sameEdges(a: readonly Bar[], b: readonly Bar[]): boolean {
  return a.length === b.length && a.every((bar, i) => bar.low === b[i]?.low && bar.high === b[i]?.high);
}

/** `bars` over the cells between `edges`, each spread evenly over its width; one without width goes into one cell. */
export function spread(bars: readonly Bar[], edges: readonly number[]): number[] {
  const counts = new Array<number>(Math.max(0, edges.length - 1)).fill(0);
  const last = counts.length - 1;
  for (const bar of bars) {
    for (let i = 0; i <= last; ++i) {
      const low = edges[i] ?? 0;
      const high = edges[i + 1] ?? 0;
      if (bar.low === bar.high) {
        if (bar.low >= low && (bar.low < high || i === last)) {
          counts[i] = (counts[i] ?? 0) + bar.count;
          break;
        }
        continue;
      }
      const overlap = Math.min(high, bar.high) - Math.max(low, bar.low);
      if (overlap > 0) counts[i] = (counts[i] ?? 0) + (bar.count * overlap) / (bar.high - bar.low);
    }
  }
  return counts;
}

/**
 * The bars of several histograms in the same cells, so that heights can be compared: as they are where their
 * edges agree, else spread over cells of equal width from the least to the greatest edge.
 */
export function alignedBars(histograms: readonly (Histogram | undefined)[]): Bar[][] {
  const all = histograms.map((histogram) => (histogram ? finiteBars(histogram) : []));
  const filled = all.filter((bars) => bars.length > 0);
  const [first] = filled;
  if (first === undefined || filled.every((bars) => sameEdges(first, bars))) return all;
  const low = Math.min(...filled.map((bars) => bars[0]?.low ?? Infinity));
  const high = Math.max(...filled.map((bars) => bars.at(-1)?.high ?? -Infinity));
  const numCells = Math.max(...filled.map((bars) => bars.length));
  if (!(high > low)) return all;
  const edges = Array.from({ length: numCells + 1 }, (_, i) => (i === numCells ? high : low + ((high - low) / numCells) * i));
  return all.map((bars) =>
    bars.length === 0
      ? []
      : spread(bars, edges).map((count, i) => ({ low: edges[i] ?? low, high: edges[i + 1] ?? high, count })),
  );
}

/**
 * How unevenly counts are spread: 0 where all are equal, 1 where one has everything (one less the entropy over the
 * greatest possible). Undefined for fewer than two.
 */
export function unevenness(counts: readonly number[]): number | undefined {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (counts.length < 2 || !(all > 0)) return undefined;
  const entropy = counts.reduce((sum, count) => (count > 0 ? sum - (count / all) * Math.log(count / all) : sum), 0);
  return 1 - entropy / Math.log(counts.length);
}

/** The share of values at or below each edge of a histogram: points of its distribution function. */
export function cumulative(histogram: Histogram): { value: number; share: number }[] {
  const all = total(histogram);
  if (!(all > 0)) return [];
  let below = 0;
  const points = [{ value: histogram.edges[0] ?? NaN, share: 0 }];
  histogram.counts.forEach((count, i) => {
    below += count;
    points.push({ value: histogram.edges[i + 1] ?? NaN, share: below / all });
  });
  return points.filter((point) => Number.isFinite(point.value));
}
