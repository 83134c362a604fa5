import { useMemo, useState } from "react";
import { historyChart } from "../charts/evaluation_charts.ts";
import { PlotFigure } from "../charts/plot_figure.tsx";
import { type EvaluationData, measured } from "../data/evaluation_data.ts";
import { metricName, sliceName } from "../model/metrics.ts";
import { visibleText } from "../model/numbers.ts";

const MAX_SLICES = 6;

/** A metric over the evaluations in the order in which they were given: one model, watched over time. */
export function HistoryView({ data, metric, onMetric, selected }: { data: EvaluationData; metric: number; onMetric: (metric: number) => void; selected: number | null }) {
  const models = [...new Set(data.series.map(({ model, output }) => `${model}\u0000${output}`))];
  const [chosen, setModel] = useState<string | null>(null);
  const model = chosen ?? models[0] ?? "";
  const options = useMemo(() => {
    const names = data.evaluations.map(({ name }, i) => (data.evaluations.findIndex((of) => of.name === name) === i ? visibleText(name) : `${visibleText(name)} (${i + 1})`));
    const slices = [...data.slices].sort((a, b) => Number(b.index === selected) - Number(a.index === selected)).slice(0, MAX_SLICES);
    const series = data.series.filter((of) => `${of.model}\u0000${of.output}` === model);
    const points = slices.flatMap((slice) =>
      series.flatMap((of) => {
        const value = measured(data, slice.index, of.index, metric);
        const evaluation = names[of.evaluation];
        if (value === undefined || evaluation === undefined || !Number.isFinite(value.value)) return [];
        return [{ evaluation, slice: sliceName(slice), value: value.value, lower: value.lower, upper: value.upper }];
      }),
    );
    return historyChart(points, names, slices.map(sliceName));
  }, [data, metric, model, selected]);
  return (
    <div className="scroll" style={{ padding: 16 }} tabIndex={0} role="region" aria-label="Over time">
      <div style={{ display: "flex", gap: 14, marginBottom: 12 }}>
        <label className="field">Metric<select value={metric} onChange={(event) => onMetric(Number(event.target.value))}>{data.metrics.map((of) => <option key={of.index} value={of.index}>{metricName(of)}</option>)}</select></label>
        {models.length > 1 && <label className="field">Model<select value={model} onChange={(event) => setModel(event.target.value)}>{models.map((of) => <option key={of} value={of}>{visibleText(of.split("\u0000").filter((part) => part !== "").join(" / ")) || "(no name)"}</option>)}</select></label>}
      </div>
      <PlotFigure title="Over the evaluations, in the order given" description="A line per slice" options={options} />
    </div>
  );
}
