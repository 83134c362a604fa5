import * as Plot from "@observablehq/plot";
import type { Analysis, Attribution } from "../data/evaluation_data.ts";
import { seriesColour } from "../design/series.ts";
import { formatCompact, formatNumber, visibleText } from "../model/numbers.ts";

const MAX_BARS = 25;
const BAR_HEIGHT = 22;
const tidy = (value: number) => formatNumber(Number(value.toPrecision(3)));
const cut = (name: string) => (name.length > 24 ? `${name.slice(0, 23)}…` : name);

function bars(names: readonly string[]): Plot.PlotOptions {
  return {
    width: 560,
    height: names.length * BAR_HEIGHT + 52,
    marginLeft: 170,
    y: { domain: names, label: null, tickSize: 0, tickFormat: cut },
  };
}

/** How far a metric moves when a column is permuted, with the deviation over the repeats. */
export function importanceChart(importance: NonNullable<Analysis["importance"]>): Plot.PlotOptions {
  const rows = importance.columns.slice(0, MAX_BARS).map(({ column, change, deviation }) => ({ column: visibleText(column), change, low: change - deviation, high: change + deviation }));
  return {
    ...bars(rows.map(({ column }) => column)),
    x: { ticks: 5, tickFormat: formatCompact, label: `change of ${visibleText(importance.metric)}`, grid: true },
    marks: [
      Plot.barX(rows, { x: "change", y: "column", fill: seriesColour(0), tip: { format: { x: tidy } } }),
      Plot.ruleY(rows, { y: "column", x1: "low", x2: "high", stroke: "var(--line-strong)", strokeWidth: 2 }),
      Plot.ruleX([0], { stroke: "var(--line-strong)" }),
    ],
  };
}

/** Mean absolute contributions as bars, those of single examples as dots. */
export function contributionsChart(contributions: NonNullable<Analysis["contributions"]>): Plot.PlotOptions {
  const features = contributions.features.slice(0, MAX_BARS).map(({ feature, meanAbsolute }) => ({ feature: visibleText(feature), meanAbsolute }));
  const dots = contributions.examples.flatMap((example) => features.map(({ feature }, i) => ({ feature, value: example[i] ?? NaN })));
  return {
    ...bars(features.map(({ feature }) => feature)),
    x: { ticks: 5, tickFormat: formatCompact, label: `contribution to the ${visibleText(contributions.unit)}`, grid: true },
    marks: [
      Plot.barX(features, { x: "meanAbsolute", y: "feature", fill: seriesColour(0), fillOpacity: 0.35, tip: { format: { x: tidy } } }),
      Plot.dot(dots, { x: "value", y: "feature", r: 2, fill: seriesColour(0), fillOpacity: 0.5 }),
      Plot.ruleX([0], { stroke: "var(--line-strong)" }),
    ],
  };
}

/** What each feature adds to the predictions of a slice. */
export function attributionsChart(attribution: Attribution): Plot.PlotOptions {
  const features = attribution.features.slice(0, MAX_BARS).map(({ feature, value }) => ({ feature: visibleText(feature), value }));
  return {
    ...bars(features.map(({ feature }) => feature)),
    x: { ticks: 5, tickFormat: formatCompact, label: visibleText(attribution.metric), grid: true },
    marks: [
      Plot.barX(features, { x: "value", y: "feature", fill: seriesColour(attribution.series), tip: { format: { x: tidy } } }),
      Plot.ruleX([0], { stroke: "var(--line-strong)" }),
    ],
  };
}

/** The mean prediction by the value of a column; thin lines are single examples. */
export function dependenceChart(dependence: Analysis["dependences"][number]): Plot.PlotOptions {
  const { values, means, examples } = dependence;
  const isNumeric = values.every((value) => typeof value === "number");
  const x = (i: number) => (isNumeric ? values[i] : visibleText(String(values[i])));
  const mean = means.map((prediction, i) => ({ x: x(i), prediction }));
  const single = examples.flatMap((curve, example) => curve.map((prediction, i) => ({ x: x(i), prediction, example })));
  const line = { x: "x", y: "prediction" };
  return {
    width: 420,
    marginTop: 26,
    marginBottom: isNumeric ? 34 : 64,
    x: { type: isNumeric ? "linear" : "point", ticks: 5, ...(isNumeric ? { tickFormat: formatCompact } : { tickRotate: -30, tickFormat: cut }), label: null },
    y: { ticks: 5, tickFormat: formatCompact, label: "prediction", grid: true },
    marks: [
      Plot.line(single, { ...line, z: "example", stroke: "var(--line-strong)", strokeOpacity: 0.5, strokeWidth: 1 }),
      Plot.line(mean, { ...line, stroke: seriesColour(0), strokeWidth: 2.5 }),
      Plot.dot(mean, { ...line, fill: seriesColour(0), r: 3, tip: { format: { y: tidy } } }),
    ],
  };
}
