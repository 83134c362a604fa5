import type { EvaluationData, Measured, Metric, Series, Slice } from "../data/evaluation_data.ts";
import { measured } from "../data/evaluation_data.ts";
import { visibleText } from "./numbers.ts";

/** "recall of class 1, macro average, weighted". */
export function metricName(metric: Omit<Metric, "index">): string {
  const parts = [visibleText(metric.name) + (metric.of === "" ? "" : ` of ${metric.of}`)];
  if (metric.aggregation !== "") parts.push(metric.aggregation);
  if (metric.weighted === true) parts.push("weighted");
  if (metric.isChange) parts.push("change");
  return parts.join(", ");
}

export function keyName(key: Slice["key"]): string {
  if (key.length === 0) return "all examples";
  return key.map(([feature, value]) => `${visibleText(feature)}: ${value === "" ? "(empty)" : visibleText(value)}`).join(", ");
}

export function sliceName(slice: Pick<Slice, "key" | "baseline">): string {
  return slice.baseline === undefined ? keyName(slice.key) : `${keyName(slice.key)} against ${keyName(slice.baseline)}`;
}

/** What tells a model from the others on the page: its name, its evaluation's, or both. */
export function seriesName(data: EvaluationData, series: Series): string {
  const evaluation = visibleText(data.evaluations[series.evaluation]?.name ?? "");
  const own = [series.model, series.output].filter((part) => part !== "").map(visibleText).join(" / ");
  if (own === "") return evaluation;
  return data.evaluations.length > 1 ? `${evaluation}: ${own}` : own;
}

/** What the reader sees first: every model, what it is held against last. */
export function firstSeries(data: EvaluationData, most: number): number[] {
  const isBaseline = ({ model }: Series) => Number(model.toLowerCase().includes("baseline"));
  return [...data.series].sort((a, b) => isBaseline(a) - isBaseline(b)).slice(0, most).map(({ index }) => index);
}

/** Counts and means of data say nothing about how good a model is. */
const NEUTRAL = /count|total_|num_|mean_(label|prediction)|weight/;
const LOWER_IS_BETTER = /loss|error|entropy|false_|fall_?out|miss_rate|log_?loss|_fpr|_fnr|\bfpr\b|\bfnr\b|flip_rate|brier|difference/;
const NEAR_ONE_IS_BETTER = /^calibration$/;

export type Direction = "higher" | "lower" | "one" | "none";

/** Which way a metric is better, told by its usual name. */
export function directionOf(metric: Pick<Metric, "name">): Direction {
  const name = metric.name.toLowerCase();
  if (NEUTRAL.test(name)) return "none";
  if (NEAR_ONE_IS_BETTER.test(name)) return "one";
  return LOWER_IS_BETTER.test(name) ? "lower" : "higher";
}

/** Higher: worse. Undefined where a value says nothing about better or worse. */
export function badness(metric: Pick<Metric, "name">, value: number): number | undefined {
  if (Number.isNaN(value)) return undefined;
  switch (directionOf(metric)) {
    case "higher":
      return -value;
    case "lower":
      return value;
    case "one":
      return Math.abs(Math.log(Math.max(value, 1e-300)));
    case "none":
      return undefined;
  }
}

/** The number of examples of a slice, by the metric that TFMA and Penstock call example_count. */
export function countMetric(data: EvaluationData): Metric | undefined {
  return (
    data.metrics.find(({ name, isChange, of }) => name === "example_count" && !isChange && of === "") ??
    data.metrics.find(({ name }) => name === "weighted_example_count")
  );
}

/** What the reader sees first: counts, and the metrics that most people ask for. */
const USUAL = ["auc", "accuracy", "precision", "recall", "false_positive_rate", "binary_accuracy", "mean_squared_error", "mean_absolute_error", "calibration", "ndcg", "loss"];

export function firstMetrics(data: EvaluationData, most = 6): number[] {
  const count = countMetric(data);
  const plain = data.metrics.filter((metric) => !metric.isChange && metric.index !== count?.index);
  const usual = USUAL.flatMap((name) => plain.filter((metric) => metric.name === name));
  const chosen = [...new Set([...usual, ...plain])].slice(0, most).map(({ index }) => index);
  return count === undefined ? chosen : [count.index, ...chosen];
}

/** The metric the overview shows first. */
export function mainMetric(data: EvaluationData): number {
  const count = countMetric(data);
  return firstMetrics(data).find((index) => index !== count?.index) ?? 0;
}

export function measuredOf(data: EvaluationData, slice: number, shown: readonly Series[], metric: number): (Measured | undefined)[] {
  return shown.map((series) => measured(data, slice, series.index, metric));
}
