import * as Plot from "@observablehq/plot";
import { symlogTicks } from "../model/ticks.ts";
import type { Histogram } from "../data/statistics_data.ts";
import { seriesColour } from "../design/series.ts";
import { alignedBars, cumulative, total } from "../model/histogram.ts";
import { formatCompact } from "../model/numbers.ts";

export interface ChartChoices {
  /** Shares of all values instead of how many. */
  readonly asShare: boolean;
  readonly isLogY: boolean;
  readonly isLogX: boolean;
}

/** What one dataset gives to a chart; `label` is what the reader calls it. */
export interface ChartSeries {
  readonly label: string;
  readonly histogram: Histogram | undefined;
}

function colours(series: readonly ChartSeries[]): Plot.ScaleOptions {
  return { domain: series.map(({ label }) => label), range: series.map((_, i) => seriesColour(i)) };
}

/** Plot's symlog around the smallest magnitude that matters, so that 0 and negative numbers have a place. */
function valueScale(series: readonly ChartSeries[], isLog: boolean): Plot.ScaleOptions {
  if (!isLog) return { type: "linear", tickFormat: formatCompact, label: null, nice: false };
  const edges = series.flatMap(({ histogram }) => histogram?.edges ?? []).filter(Number.isFinite);
  const magnitudes = edges.map(Math.abs).filter((edge) => edge > 0);
  const constant = magnitudes.length > 0 ? Math.max(Math.min(...magnitudes), Math.max(...magnitudes) / 1e6) : 1;
  const ticks = symlogTicks(Math.min(...edges), Math.max(...edges), constant);
  return { type: "symlog", constant, ticks, tickFormat: formatCompact, label: null };
}

function countScale(choices: ChartChoices, greatest: number): Plot.ScaleOptions {
  const tickFormat = choices.asShare ? (share: number) => `${formatCompact(share * 100)}%` : formatCompact;
  const shared = { grid: true, tickFormat, label: null };
  if (!choices.isLogY) return { ...shared, type: "linear", ticks: 5 };
  const constant = choices.asShare ? 1e-4 : 1;
  return { ...shared, type: "symlog", constant, ticks: symlogTicks(0, greatest, constant) };
}

/** Beyond two datasets filled bars hide each other: then outlines tell them apart. */
const MAX_FILLED = 2;

/** Bars of all datasets over one axis, in the same cells. */
export function histogramChart(series: readonly ChartSeries[], choices: ChartChoices): Plot.PlotOptions {
  const aligned = alignedBars(series.map(({ histogram }) => histogram));
  const bars = aligned.flatMap((of, i) => {
    const histogram = series[i]?.histogram;
    const all = histogram ? total(histogram) : 0;
    return of.map(({ low, high, count }) => ({
      dataset: series[i]?.label ?? "",
      low,
      // A bucket of one value needs some width to be seen.
      high: high > low ? high : low + Math.max(Math.abs(low) * 0.01, 0.5),
      amount: choices.asShare ? (all > 0 ? count / all : 0) : count,
    }));
  });
  return {
    x: valueScale(series, choices.isLogX),
    y: countScale(choices, Math.max(0, ...bars.map(({ amount }) => amount))),
    color: colours(series),
    marks: [
      Plot.rectY(bars, {
        x1: "low",
        x2: "high",
        y1: 0,
        y2: "amount",
        fill: "dataset",
        fillOpacity: series.length > MAX_FILLED ? 0.08 : series.length > 1 ? 0.5 : 0.85,
        stroke: series.length > MAX_FILLED ? "dataset" : "none",
        strokeWidth: 1.5,
        insetLeft: 0.5,
        insetRight: 0.5,
        tip: { format: { x1: formatCompact, x2: formatCompact, y1: false, y2: (value: number) => (choices.asShare ? `${(100 * value).toFixed(2)}%` : formatCompact(value)) } },
      }),
      Plot.ruleY([0], { stroke: "var(--line-strong)" }),
    ],
  };
}

/** The share of values up to each value, from the quantiles: a line per dataset. */
export function quantileChart(series: readonly ChartSeries[], choices: ChartChoices): Plot.PlotOptions {
  const points = series.flatMap(({ label, histogram }) =>
    histogram ? cumulative(histogram).map((point) => ({ ...point, dataset: label })) : [],
  );
  return {
    x: valueScale(series, choices.isLogX),
    y: { domain: [0, 1], grid: true, ticks: 5, tickFormat: (share: number) => `${Math.round(100 * share)}%`, label: null },
    color: colours(series),
    marks: [
      Plot.ruleY([0.5], { stroke: "var(--line-strong)", strokeDasharray: "3 3" }),
      Plot.line(points, { x: "value", y: "share", stroke: "dataset", strokeWidth: 2 }),
      Plot.dot(points, { x: "value", y: "share", fill: "dataset", r: 3, tip: { format: { x: formatCompact, y: (share: number) => `${(100 * share).toFixed(1)}%` } } }),
    ],
  };
}

/** The share of all listed values that the most frequent ones make up together: how heavy the tail is. */
export function rankChart(series: readonly { label: string; counts: readonly number[]; total: number }[]): Plot.PlotOptions {
  const points = series.flatMap(({ label, counts, total: all }) => {
    let sum = 0;
    return counts.map((count, rank) => ({ rank: rank + 1, share: all > 0 ? (sum += count) / all : 0, dataset: label }));
  });
  return {
    x: { type: "log", tickFormat: formatCompact, ticks: 5, label: null },
    y: { domain: [0, 1], grid: true, ticks: 5, tickFormat: (share: number) => `${Math.round(100 * share)}%`, label: null },
    color: { domain: series.map(({ label }) => label), range: series.map((_, i) => seriesColour(i)) },
    marks: [
      Plot.line(points, { x: "rank", y: "share", stroke: "dataset", strokeWidth: 2 }),
      Plot.dot(points, Plot.pointer({ x: "rank", y: "share", fill: "dataset", r: 4, tip: true })),
    ],
  };
}
