import { useMemo } from "react";
import { overviewChart } from "../charts/evaluation_charts.ts";
import { PlotFigure } from "../charts/plot_figure.tsx";
import type { EvaluationData, Series } from "../data/evaluation_data.ts";
import { measured } from "../data/evaluation_data.ts";
import { badness, metricName, seriesName } from "../model/metrics.ts";
import type { SliceRow } from "../model/slice_rows.ts";

const MAX_SLICES = 30;

/** The slices on which the first model is worst by a metric, each model a dot. */
export function Overview(props: {
  data: EvaluationData;
  rows: readonly SliceRow[];
  shown: readonly Series[];
  metric: number;
  onMetric: (metric: number) => void;
}) {
  const { data, rows, shown, metric } = props;
  const base = shown[0];
  const chosen = data.metrics[metric];
  const { options, numLeftOut } = useMemo(() => {
    const valued = rows.filter(({ slice }) => shown.some((series) => Number.isFinite(measured(data, slice.index, series.index, metric)?.value ?? NaN)));
    const rank = ({ slice }: SliceRow) => {
      const value = base && measured(data, slice.index, base.index, metric)?.value;
      return (chosen && value !== undefined ? badness(chosen, value) : undefined) ?? -Infinity;
    };
    const isRanked = chosen !== undefined && badness(chosen, 1) !== undefined;
    const sorted = isRanked ? [...valued].sort((a, b) => rank(b) - rank(a)) : valued;
    const points = sorted.slice(0, MAX_SLICES).flatMap(({ slice, name }) =>
      shown.flatMap((series) => {
        const value = measured(data, slice.index, series.index, metric);
        return value === undefined || !Number.isFinite(value.value) ? [] : [{ slice: name, model: seriesName(data, series), value: value.value, lower: value.lower, upper: value.upper }];
      }),
    );
    const all = data.slices.find(({ key, baseline }) => key.length === 0 && baseline === undefined);
    const whole = base && all && measured(data, all.index, base.index, metric)?.value;
    return { options: overviewChart(points, shown.map((series) => seriesName(data, series)), whole), numLeftOut: Math.max(0, sorted.length - MAX_SLICES) };
  }, [data, rows, shown, metric, base, chosen]);
  return (
    <aside className="overview" aria-label="Overview" tabIndex={0}>
      <label className="field">
        Metric
        <select value={metric} onChange={(event) => props.onMetric(Number(event.target.value))}>
          {data.metrics.map((of) => <option key={of.index} value={of.index}>{metricName(of)}</option>)}
        </select>
      </label>
      <PlotFigure title="Slices, the worst first" description={`Each slice's ${chosen ? metricName(chosen) : "metric"}`} options={options} />
      {numLeftOut > 0 && <p className="muted">and {numLeftOut} better ones</p>}
    </aside>
  );
}
