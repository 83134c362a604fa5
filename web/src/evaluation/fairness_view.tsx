import { useMemo, useState } from "react";
import { rateChart } from "../charts/evaluation_charts.ts";
import { PlotFigure } from "../charts/plot_figure.tsx";
import type { EvaluationData, Series } from "../data/evaluation_data.ts";
import { seriesColour } from "../design/series.ts";
import { ratesOf } from "../model/confusion.ts";
import { FAIRNESS_RATES, type Group, greatestGap, type GroupRate, groupRates, groupsOf, type RateName } from "../model/fairness.ts";
import { seriesName } from "../model/metrics.ts";
import { formatCount, formatMetric } from "../model/numbers.ts";
import { featuresOf } from "../model/slice_rows.ts";

const MAX_LINES = 6;
const tidy = formatMetric;

function Gap({ name, gap, limit }: { name: string; gap: number; limit: number }) {
  const isOver = gap > limit;
  return (
    <div>
      <span className="muted">{name}</span>
      <strong className={isOver ? "alarm" : ""}>{tidy(gap)}</strong>
      <span className={`badge ${Number.isNaN(gap) ? "" : isOver ? "error" : "good"}`}>{Number.isNaN(gap) ? "not known" : isOver ? `over ${limit}` : `within ${limit}`}</span>
    </div>
  );
}

function Groups({ rates, baseline, limit, onBaseline }: { rates: readonly GroupRate[]; baseline: number; limit: number; onBaseline: (slice: number) => void }) {
  return (
    <table className="plain fair">
      <thead>
        <tr><th>group</th><th>examples</th><th>rate</th><th /><th>95% interval</th><th>difference</th><th /></tr>
      </thead>
      <tbody>
        {rates.map(({ group, rate, interval, numExamples, difference }, i) => {
          const isBaseline = group.slice.index === baseline;
          const isOver = !isBaseline && Math.abs(difference) > limit;
          return (
            <tr key={group.slice.index}>
              <td className="text">{group.name}</td>
              <td>{formatCount(numExamples)}</td>
              <td>{tidy(rate)}</td>
              <td className="bar-cell">
                <div className="rate-bar" style={{ "--series": seriesColour(i) } as React.CSSProperties}>
                  <span style={{ width: `${100 * (Number.isNaN(rate) ? 0 : rate)}%` }} />
                  <i style={{ left: `${100 * interval.low}%`, width: `${100 * (interval.high - interval.low)}%` }} />
                </div>
              </td>
              <td className="muted">{tidy(interval.low)} to {tidy(interval.high)}</td>
              <td className={isOver ? "alarm" : ""}>{isBaseline ? "baseline" : `${difference > 0 ? "+" : ""}${tidy(difference)}`}</td>
              <td>{!isBaseline && <button type="button" onClick={() => onBaseline(group.slice.index)}>as baseline</button>}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function GroupCurves({ groups, rate, threshold }: { groups: readonly Group[]; rate: RateName; threshold: number }) {
  const options = useMemo(() => {
    const drawn = groups.slice(0, MAX_LINES);
    const points = drawn.flatMap(({ name, thresholds }) =>
      thresholds.map((counts) => ({ group: name, threshold: counts.threshold, rate: ratesOf(counts)[rate] })).filter((point) => !Number.isNaN(point.rate) && point.threshold >= 0 && point.threshold <= 1),
    );
    return rateChart(points, drawn.map(({ name }) => name), threshold);
  }, [groups, rate, threshold]);
  return <PlotFigure title="The rate at every threshold" description="A line per group" options={options} />;
}

/** One rate over the groups of a feature against a baseline group, and the gaps that notions of fairness ask about. */
export function FairnessView(props: { data: EvaluationData; shown: readonly Series[]; threshold: number; onThreshold: (threshold: number) => void }) {
  const { data, shown, threshold } = props;
  const withPlots = data.plots.filter(({ thresholds }) => thresholds.length > 0);
  const features = [...new Set(withPlots.map(({ slice }) => featuresOf(data.slices[slice]?.key ?? [])))].filter((set) => set !== "");
  const [chosenFeatures, setFeatures] = useState<string | null>(null);
  const [rate, setRate] = useState<RateName>("falsePositiveRate");
  const [limit, setLimit] = useState(0.05);
  const [chosenBaseline, setBaseline] = useState<number | null>(null);
  const set = chosenFeatures ?? features[0];
  const [seriesIndex, setSeries] = useState<number | null>(null);
  const series = shown.find(({ index }) => index === seriesIndex) ?? shown[0];
  const groups = useMemo(() => (series && set !== undefined ? groupsOf(data, series, set) : []), [data, series, set]);
  const whole = groups.find(({ slice }) => slice.key.length === 0) ?? groups[0];
  const baseline = groups.some(({ slice }) => slice.index === chosenBaseline) ? (chosenBaseline ?? -1) : (whole?.slice.index ?? -1);
  if (groups.length === 0) {
    return <div className="empty"><strong>No groups to compare</strong>Slice the evaluation by a feature and ask for ConfusionMatrixPlot: its matrices are what fairness is read from.</div>;
  }
  const rates = groupRates(groups, rate, threshold, baseline);
  const gap = (of: RateName) => greatestGap(groups, of, threshold);
  return (
    <div className="scroll" style={{ padding: 16 }} tabIndex={0} role="region" aria-label="Fairness">
      <div style={{ display: "flex", flexWrap: "wrap", gap: 14, marginBottom: 14 }}>
        {shown.length > 1 && series && (
          <label className="field">Model<select value={series.index} onChange={(event) => setSeries(Number(event.target.value))}>{shown.map((of) => <option key={of.index} value={of.index}>{seriesName(data, of)}</option>)}</select></label>
        )}
        <label className="field">Groups by<select value={set} onChange={(event) => setFeatures(event.target.value)}>{features.map((of) => <option key={of}>{of}</option>)}</select></label>
        <label className="field">Rate<select value={rate} onChange={(event) => setRate(event.target.value as RateName)}>{FAIRNESS_RATES.map((of) => <option key={of.rate} value={of.rate}>{of.label}</option>)}</select></label>
        <label className="field">threshold<input type="range" min="0" max="1" step="0.005" value={threshold} onChange={(event) => props.onThreshold(Number(event.target.value))} /><output>{threshold.toFixed(3)}</output></label>
        <label className="field">differ by at most<input type="number" min="0" max="1" step="0.01" value={limit} onChange={(event) => setLimit(Number(event.target.value))} style={{ width: 76 }} /></label>
      </div>
      <div className="parity" style={{ marginBottom: 16 }}>
        <Gap name="demographic parity" gap={gap("positiveRate")} limit={limit} />
        <Gap name="equal opportunity" gap={gap("recall")} limit={limit} />
        <Gap name="equalised odds" gap={Math.max(gap("recall"), gap("falsePositiveRate"))} limit={limit} />
        <Gap name="predictive parity" gap={gap("precision")} limit={limit} />
      </div>
      <div className="detail-body">
        <Groups rates={rates} baseline={baseline} limit={limit} onBaseline={setBaseline} />
        <GroupCurves groups={groups} rate={rate} threshold={threshold} />
      </div>
    </div>
  );
}
