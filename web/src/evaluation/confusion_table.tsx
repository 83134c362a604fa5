import type { ThresholdCounts } from "../data/evaluation_data.ts";
import { seriesColour } from "../design/series.ts";
import { countsAt, ratesOf } from "../model/confusion.ts";
import { formatMetric, formatNumber, formatShare } from "../model/numbers.ts";

function Matrix({ counts }: { counts: ThresholdCounts }) {
  const { trueNegatives, falsePositives, falseNegatives, truePositives } = counts;
  const all = trueNegatives + falsePositives + falseNegatives + truePositives;
  const cell = (count: number, isRight: boolean) => (
    <td className={isRight ? "right" : "wrong"} style={{ "--strength": `${Math.round(70 * (all > 0 ? count / all : 0))}%` } as React.CSSProperties}>
      <strong>{formatNumber(count)}</strong>
      <div className="muted">{formatShare(count, all)}</div>
    </td>
  );
  return (
    <table className="confusion">
      <thead><tr><th scope="col">taken</th><th scope="col">as negative</th><th scope="col">as positive</th></tr></thead>
      <tbody>
        <tr><th scope="row">negative</th>{cell(trueNegatives, true)}{cell(falsePositives, false)}</tr>
        <tr><th scope="row">positive</th>{cell(falseNegatives, false)}{cell(truePositives, true)}</tr>
      </tbody>
    </table>
  );
}

const RATES = [
  ["accuracy", "accuracy"],
  ["precision", "precision"],
  ["recall", "recall"],
  ["falsePositiveRate", "false positive rate"],
  ["f1", "F1"],
] as const;

/** The confusion matrices of the models at the reader's threshold, and what follows from them. */
export function ConfusionTable(props: {
  models: readonly { label: string; thresholds: readonly ThresholdCounts[] }[];
  threshold: number;
  onThreshold: (threshold: number) => void;
}) {
  const { models, threshold } = props;
  const known = models.flatMap(({ label, thresholds }, i) => {
    const counts = countsAt(thresholds, threshold);
    return counts ? [{ label, counts, position: i }] : [];
  });
  return (
    <div className="figure">
      <h3>Confusion matrix</h3>
      <label className="field" style={{ marginBottom: 8 }}>
        threshold
        <input type="range" min="0" max="1" step="0.005" value={threshold} onChange={(event) => props.onThreshold(Number(event.target.value))} />
        <output>{threshold.toFixed(3)}</output>
      </label>
      <div className="matrices">
        {known.map(({ label, counts, position }) => (
          <div key={position}>
            {models.length > 1 && <div className="text"><span className="swatch" style={{ background: seriesColour(position) }} /> {label}</div>}
            <Matrix counts={counts} />
          </div>
        ))}
      </div>
      <table className="plain">
        {known.length > 1 && (
          <thead><tr><th />{known.map(({ label, position }) => <th key={position} title={label}><span className="swatch" style={{ background: seriesColour(position) }} /></th>)}</tr></thead>
        )}
        <tbody>
          {RATES.map(([key, name]) => (
            <tr key={key}>
              <th scope="row">{name}</th>
              {known.map(({ counts, position }) => <td key={position}>{formatMetric(ratesOf(counts)[key])}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
