import * as Plot from "@observablehq/plot";
import type { CalibrationBucket, ThresholdCounts } from "../data/evaluation_data.ts";
import { seriesColour } from "../design/series.ts";
import { calibrationPoints, countsAt, type CurvePoint, precisionRecallCurve, rocCurve } from "../model/confusion.ts";
import { formatCompact, formatNumber } from "../model/numbers.ts";

/** What one model gives to the charts of a slice. */
export interface ModelSeries {
  readonly label: string;
  readonly thresholds: readonly ThresholdCounts[];
  readonly calibration: readonly CalibrationBucket[];
}

const percent = (share: number) => `${Math.round(100 * share)}%`;
const tidy = (value: number) => formatNumber(Number(value.toPrecision(3)));

function colours(series: readonly { label: string }[]): Plot.ScaleOptions {
  return { domain: series.map(({ label }) => label), range: series.map((_, i) => seriesColour(i)) };
}

/** Three charts beside each other on a usual screen; room above for the label of the axis. */
const SMALL = { width: 384, marginTop: 26 } as const;

const unit: Plot.ScaleOptions = { domain: [0, 1], ticks: 5, tickFormat: percent };

function curves(series: readonly ModelSeries[], curve: (thresholds: readonly ThresholdCounts[]) => CurvePoint[], threshold: number) {
  const points = series.flatMap(({ label, thresholds }) => curve(thresholds).map((point) => ({ ...point, model: label })));
  const now = series.flatMap(({ label, thresholds }) => {
    const counts = countsAt(thresholds, threshold);
    return counts ? curve([counts]).map((point) => ({ ...point, model: label })) : [];
  });
  const marks = [
    Plot.line(points, { x: "x", y: "y", stroke: "model", strokeWidth: 2 }),
    Plot.dot(now, { x: "x", y: "y", fill: "model", r: 5, stroke: "var(--surface)" }),
    Plot.tip(
      points,
      Plot.pointer({ x: "x", y: "y", stroke: "model", channels: { threshold: { value: "threshold", label: "threshold" } }, format: { x: tidy, y: tidy, threshold: tidy } }),
    ),
  ];
  return marks;
}

export function rocChart(series: readonly ModelSeries[], threshold: number): Plot.PlotOptions {
  return {
    ...SMALL,
    x: { ...unit, label: "false positive rate" },
    y: { ...unit, label: "true positive rate", grid: true },
    color: colours(series),
    marks: [Plot.line([[0, 0], [1, 1]], { stroke: "var(--line-strong)", strokeDasharray: "3 3" }), ...curves(series, rocCurve, threshold)],
  };
}

export function precisionRecallChart(series: readonly ModelSeries[], threshold: number): Plot.PlotOptions {
  return {
    ...SMALL,
    x: { ...unit, label: "recall" },
    y: { ...unit, label: "precision", grid: true },
    color: colours(series),
    marks: curves(series, precisionRecallCurve, threshold),
  };
}

function calibrated(series: readonly ModelSeries[]) {
  return series.flatMap(({ label, calibration }) => calibrationPoints(calibration).map((point) => ({ ...point, model: label, residual: point.label - point.prediction })));
}

export function calibrationChart(series: readonly ModelSeries[]): Plot.PlotOptions {
  const points = calibrated(series);
  const ends = points.flatMap(({ prediction, label }) => [prediction, label]);
  const low = Math.min(0, ...ends);
  const high = Math.max(1, ...ends);
  return {
    ...SMALL,
    x: { domain: [low, high], ticks: 5, tickFormat: formatCompact, label: "mean prediction" },
    y: { domain: [low, high], ticks: 5, tickFormat: formatCompact, label: "mean label", grid: true },
    r: { range: [2, 9], type: "sqrt" },
    color: colours(series),
    marks: [
      Plot.line([[low, low], [high, high]], { stroke: "var(--line-strong)", strokeDasharray: "3 3" }),
      Plot.line(points, { x: "prediction", y: "label", stroke: "model", strokeWidth: 1.5 }),
      Plot.dot(points, { x: "prediction", y: "label", fill: "model", fillOpacity: 0.8, r: "weight", tip: { format: { x: tidy, y: tidy, r: formatCompact } } }),
    ],
  };
}

export function residualChart(series: readonly ModelSeries[]): Plot.PlotOptions {
  const points = calibrated(series);
  return {
    ...SMALL,
    x: { ticks: 5, tickFormat: formatCompact, label: "mean prediction" },
    y: { ticks: 5, label: "label − prediction", grid: true, zero: true },
    color: colours(series),
    marks: [
      Plot.ruleY([0], { stroke: "var(--line-strong)" }),
      Plot.line(points, { x: "prediction", y: "residual", stroke: "model", strokeWidth: 1.5 }),
      Plot.dot(points, { x: "prediction", y: "residual", fill: "model", r: 3.5, tip: { format: { x: tidy, y: tidy } } }),
    ],
  };
}

/** How many predictions lie where, as shares of each model's. */
export function scoreChart(series: readonly ModelSeries[], threshold: number | null): Plot.PlotOptions {
  const bars = series.flatMap(({ label, calibration }) => {
    const all = calibration.reduce((sum, { weight }) => sum + weight, 0);
    return calibration
      .filter(({ lower, upper }) => Number.isFinite(lower) && Number.isFinite(upper))
      .map(({ lower, upper, weight }) => ({ lower, upper, share: all > 0 ? weight / all : 0, model: label }));
  });
  return {
    ...SMALL,
    x: { ticks: 5, tickFormat: formatCompact, label: "prediction" },
    y: { ticks: 5, tickFormat: percent, label: "share of examples", grid: true },
    color: colours(series),
    marks: [
      Plot.rectY(bars, { x1: "lower", x2: "upper", y1: 0, y2: "share", fill: "model", fillOpacity: series.length > 1 ? 0.45 : 0.85, insetLeft: 0.5, insetRight: 0.5, tip: { format: { x1: tidy, x2: tidy, y1: false, y2: percent } } }),
      Plot.ruleY([0], { stroke: "var(--line-strong)" }),
      ...(threshold === null ? [] : [Plot.ruleX([threshold], { stroke: "var(--danger)", strokeDasharray: "4 3" })]),
    ],
  };
}

/** One slice of the overview: a model's value and its interval. */
export interface OverviewPoint {
  readonly slice: string;
  readonly model: string;
  readonly value: number;
  readonly lower: number | undefined;
  readonly upper: number | undefined;
}

const SLICE_HEIGHT = 22;

/** A line per slice, a dot per model with its interval; `whole` is the value of all examples, to read them against. */
export function overviewChart(points: readonly OverviewPoint[], models: readonly string[], whole: number | undefined): Plot.PlotOptions {
  const slices = [...new Set(points.map(({ slice }) => slice))];
  const withInterval = points.filter(({ lower, upper }) => lower !== undefined && upper !== undefined && Number.isFinite(lower) && Number.isFinite(upper));
  return {
    height: slices.length * SLICE_HEIGHT + 60,
    marginLeft: 170,
    marginTop: 28,
    x: { ticks: 5, tickFormat: formatCompact, label: null, axis: "top", grid: true },
    y: { domain: slices, label: null, tickSize: 0, tickFormat: (name: string) => (name.length > 27 ? `${name.slice(0, 26)}…` : name) },
    color: colours(models.map((label) => ({ label }))),
    marks: [
      ...(whole === undefined || Number.isNaN(whole) ? [] : [Plot.ruleX([whole], { stroke: "var(--line-strong)", strokeDasharray: "4 3" })]),
      Plot.ruleY(withInterval, { y: "slice", x1: "lower", x2: "upper", stroke: "model", strokeWidth: 1.5, strokeOpacity: 0.55 }),
      Plot.dot(points, { y: "slice", x: "value", fill: "model", r: 4.5, tip: { format: { x: tidy } } }),
    ],
  };
}

/** How a metric changed from evaluation to evaluation, a line per slice. */
export function historyChart(points: readonly { evaluation: string; slice: string; value: number; lower?: number | undefined; upper?: number | undefined }[], evaluations: readonly string[], slices: readonly string[]): Plot.PlotOptions {
  const banded = points.filter(({ lower, upper }) => lower !== undefined && upper !== undefined);
  return {
    width: 900,
    height: 380,
    marginBottom: 44,
    x: { type: "point", domain: evaluations, label: null, tickFormat: (name: string) => (name.length > 20 ? `${name.slice(0, 19)}…` : name) },
    y: { grid: true, ticks: 6, label: null },
    color: { ...colours(slices.map((label) => ({ label }))), legend: true },
    marks: [
      Plot.areaY(banded, { x: "evaluation", y1: "lower", y2: "upper", z: "slice", fill: "slice", fillOpacity: 0.12 }),
      Plot.line(points, { x: "evaluation", y: "value", stroke: "slice", strokeWidth: 2 }),
      Plot.dot(points, { x: "evaluation", y: "value", fill: "slice", r: 4, tip: { format: { y: tidy } } }),
    ],
  };
}

/** A rate at every threshold, a line per group. */
export function rateChart(points: readonly { group: string; threshold: number; rate: number }[], groups: readonly string[], threshold: number): Plot.PlotOptions {
  return {
    width: 560,
    height: 300,
    x: { ...unit, tickFormat: formatCompact, label: "threshold" },
    y: { ...unit, label: null, grid: true },
    color: { ...colours(groups.map((label) => ({ label }))), legend: true },
    marks: [
      Plot.ruleX([threshold], { stroke: "var(--danger)", strokeDasharray: "4 3" }),
      Plot.line(points, { x: "threshold", y: "rate", stroke: "group", strokeWidth: 2 }),
      Plot.tip(points, Plot.pointer({ x: "threshold", y: "rate", stroke: "group", format: { x: tidy, y: tidy } })),
    ],
  };
}
