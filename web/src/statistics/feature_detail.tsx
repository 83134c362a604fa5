import { useMemo } from "react";
import { PlotFigure } from "../charts/plot_figure.tsx";
import { histogramChart, quantileChart, rankChart } from "../charts/statistics_charts.ts";
import type { Cell, Correlation, Dataset, Lift, Measurement, StatisticsData } from "../data/statistics_data.ts";
import type { FeatureRow } from "../model/feature_rows.ts";
import { featureName, formatCount, formatMetric, formatNumber, visibleText } from "../model/numbers.ts";
import { AnomalyCard } from "./anomaly_card.tsx";
import { NumbersTable } from "./numbers_table.tsx";
import { ValueBars } from "./value_bars.tsx";
import type { ViewOptions } from "./view_options.ts";

function seriesOf(row: FeatureRow, labels: readonly string[], of: (cell: Cell) => Cell["histogram"]) {
  // Colours go by label; equal labels would share one.
  return row.cells.map((cell, i) => ({ label: unlike(labels, i), histogram: cell ? of(cell) : undefined }));
}

function unlike(labels: readonly string[], i: number): string {
  const label = labels[i] ?? "";
  return labels.indexOf(label) === i ? label : `${label} (${i + 1})`;
}

function NumericCharts({ row, labels, view }: { row: FeatureRow; labels: readonly string[]; view: ViewOptions }) {
  const histogram = useMemo(() => histogramChart(seriesOf(row, labels, (cell) => cell.histogram), view), [row, labels, view]);
  const quantiles = useMemo(() => quantileChart(seriesOf(row, labels, (cell) => cell.quantiles), view), [row, labels, view]);
  return (
    <>
      <PlotFigure title="Histogram" description={`Distribution of ${row.name}`} options={histogram} />
      {row.cells.some((cell) => cell?.quantiles) && (
        <PlotFigure title="Quantiles: share of values up to a value" description={`Quantiles of ${row.name}`} options={quantiles} />
      )}
    </>
  );
}

function RankChart({ row, labels }: { row: FeatureRow; labels: readonly string[] }) {
  const ranks = useMemo(() => {
    const series = row.cells.map((cell, i) => ({
      label: unlike(labels, i),
      counts: cell?.listed.map(({ count }) => count) ?? [],
      total: cell?.totalListed ?? 0,
    }));
    return rankChart(series);
  }, [row, labels]);
  return <PlotFigure title="Share of the most frequent values together, by rank" description={`Ranks of ${row.name}`} options={ranks} />;
}

function ValencyChart({ row, labels, view }: { row: FeatureRow; labels: readonly string[]; view: ViewOptions }) {
  const options = useMemo(() => histogramChart(seriesOf(row, labels, (cell) => cell.valueCounts), { ...view, isLogX: false }), [row, labels, view]);
  return <PlotFigure title="Values per example" description={`How many values examples have of ${row.name}`} options={options} />;
}

const MAX_CORRELATED = 8;

function Correlated({ data, feature, correlations }: { data: StatisticsData; feature: number; correlations: readonly Correlation[] }) {
  const related = correlations
    .filter(({ x, y }) => x === feature || y === feature)
    .map(({ x, y, correlation }) => ({ other: x === feature ? y : x, correlation }))
    .filter(({ correlation }) => Number.isFinite(correlation))
    .sort((a, b) => Math.abs(b.correlation) - Math.abs(a.correlation))
    .slice(0, MAX_CORRELATED);
  if (related.length === 0) return null;
  return (
    <div className="figure">
      <h3>Most correlated</h3>
      <table className="plain">
        <tbody>
          {related.map(({ other, correlation }) => (
            <tr key={other}>
              <th scope="row" className="text">{featureName(data.features[other] ?? [])}</th>
              <td>{formatNumber(Number(correlation.toFixed(4)))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const MAX_LIFT_SERIES = 6;

/** Which values of the feature go with which label, in the first shown dataset. */
function Lifts({ data, lifts }: { data: StatisticsData; lifts: readonly Lift[] }) {
  return lifts.slice(0, MAX_LIFT_SERIES).map(({ labelFeature, label, values }, i) => (
    <div key={i} className="figure">
      <h3 className="text">Lift of {featureName(data.features[labelFeature] ?? [])} = {visibleText(label)}</h3>
      <table className="plain">
        <tbody>
          {values.map(({ text, lift, count }, row) => (
            <tr key={row}>
              <th scope="row" className="text">{visibleText(text)}</th>
              <td>{formatMetric(lift)}</td>
              <td className="muted">{formatCount(count)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  ));
}

function Measured({ measurements }: { measurements: readonly Measurement[] }) {
  return measurements.map((measurement, i) => (
    <span key={i} className={`badge ${measurement.value > measurement.threshold ? "error" : "good"}`}>
      {measurement.against === "previous" ? "drift" : "skew"} {measurement.distance.replaceAll("_", " ").toLowerCase()}{" "}
      {formatNumber(measurement.value)} (limit {formatNumber(measurement.threshold)})
    </span>
  ));
}

/** Everything about one feature in the shown datasets. */
export function FeatureDetail(props: {
  data: StatisticsData;
  row: FeatureRow;
  labels: readonly string[];
  view: ViewOptions;
  /** The first of those shown: whose correlations and lifts are shown. */
  base: Dataset | undefined;
  onClose: () => void;
}) {
  const { data, row, labels, view } = props;
  const measurements = data.anomalies?.measurements.filter(({ feature }) => feature === row.feature) ?? [];
  const numListed = Math.max(...row.cells.map((cell) => cell?.listed.length ?? 0));
  const hasValency = row.cells.some((cell) => cell?.valueCounts);
  return (
    <section className="detail" aria-label={`Feature ${row.name}`}>
      <div className="detail-head">
        <h2 className="text">{row.name}</h2>
        <span className="badge">{row.type || "not in these data"}</span>
        <Measured measurements={measurements} />
        <span style={{ flex: 1 }} />
        <button type="button" onClick={props.onClose} title="Close (Esc)">Close</button>
      </div>
      {row.anomalies.length > 0 && (
        <ul className="anomalies">
          {row.anomalies.map((anomaly, i) => <AnomalyCard key={i} anomaly={anomaly} name={row.name} />)}
        </ul>
      )}
      <div className="detail-body">
        {row.cells.some((cell) => cell?.histogram) && <NumericCharts row={row} labels={labels} view={view} />}
        {numListed > 0 && <ValueBars cells={row.cells} asShare={view.asShare} />}
        <NumbersTable row={row} labels={labels} />
        {numListed > 8 && <RankChart row={row} labels={labels} />}
        {hasValency && <ValencyChart row={row} labels={labels} view={view} />}
        <Correlated data={data} feature={row.feature} correlations={props.base?.correlations ?? []} />
        <Lifts data={data} lifts={props.base?.lifts.filter(({ feature }) => feature === row.feature) ?? []} />
      </div>
    </section>
  );
}
