import { useMemo } from "react";
import { attributionsChart } from "../charts/analysis_charts.ts";
import { calibrationChart, type ModelSeries, precisionRecallChart, residualChart, rocChart, scoreChart } from "../charts/evaluation_charts.ts";
import { PlotFigure } from "../charts/plot_figure.tsx";
import type { Attribution, EvaluationData, Series } from "../data/evaluation_data.ts";
import { calibrationError } from "../model/confusion.ts";
import { seriesName } from "../model/metrics.ts";
import { formatNumber, visibleText } from "../model/numbers.ts";
import type { SliceRow } from "../model/slice_rows.ts";
import { ClassHeatMap } from "./class_matrix.tsx";
import { ConfusionTable } from "./confusion_table.tsx";

function BinaryCharts({ models, threshold, onThreshold }: { models: readonly ModelSeries[]; threshold: number; onThreshold: (threshold: number) => void }) {
  const roc = useMemo(() => rocChart(models, threshold), [models, threshold]);
  const precisionRecall = useMemo(() => precisionRecallChart(models, threshold), [models, threshold]);
  return (
    <>
      <ConfusionTable models={models} threshold={threshold} onThreshold={onThreshold} />
      <PlotFigure title="ROC" description="False positive rate against true positive rate" options={roc} />
      <PlotFigure title="Precision and recall" description="Recall against precision" options={precisionRecall} />
    </>
  );
}

function CalibrationCharts({ models, threshold }: { models: readonly ModelSeries[]; threshold: number | null }) {
  const scores = useMemo(() => scoreChart(models, threshold), [models, threshold]);
  const calibration = useMemo(() => calibrationChart(models), [models]);
  const residual = useMemo(() => residualChart(models), [models]);
  const error = models.map(({ calibration: buckets }) => formatNumber(Number(calibrationError(buckets).toPrecision(3)))).join(", ");
  return (
    <>
      <PlotFigure title="Predictions" description="How many predictions lie where" options={scores} />
      <PlotFigure title={`Calibration (expected error ${error})`} description="Mean prediction against mean label" options={calibration} />
      <PlotFigure title="Residuals" description="Mean label less mean prediction, by prediction" options={residual} />
    </>
  );
}

function Attributions({ attribution, label }: { attribution: Attribution; label: string }) {
  const options = useMemo(() => attributionsChart(attribution), [attribution]);
  const title = [visibleText(attribution.metric), attribution.of, label].filter((part) => part !== "").join(" · ");
  return <PlotFigure title={title} description="What each feature adds to the predictions" options={options} />;
}

/** The plots of one slice, all models in each. */
export function SliceDetail(props: {
  data: EvaluationData;
  row: SliceRow;
  shown: readonly Series[];
  threshold: number;
  onThreshold: (threshold: number) => void;
  onClose: () => void;
}) {
  const { data, row, shown } = props;
  const plots = useMemo(() => data.plots.filter(({ slice }) => slice === row.slice.index), [data, row]);
  const models = useMemo(
    () =>
      shown.map((series) => {
        const own = plots.filter((plot) => plot.series === series.index);
        return {
          label: seriesName(data, series),
          thresholds: own.find(({ thresholds }) => thresholds.length > 0)?.thresholds ?? [],
          calibration: own.find(({ calibration }) => calibration.length > 0)?.calibration ?? [],
        };
      }),
    [data, plots, shown],
  );
  const attributions = useMemo(
    () => data.attributions.filter(({ slice, series }) => slice === row.slice.index && shown.some(({ index }) => index === series)),
    [data, row, shown],
  );
  const isBinary = models.some(({ thresholds }) => thresholds.length > 0);
  const isCalibrated = models.some(({ calibration }) => calibration.length > 0);
  const classes = plots.filter((plot) => plot.classes.length > 0 && shown.some(({ index }) => index === plot.series));
  return (
    <section className="detail" aria-label={`Slice ${row.name}`}>
      <div className="detail-head">
        <h2 className="text">{row.name}</h2>
        {row.failures.map((failure) => <span key={failure} className="badge error">{failure} not kept</span>)}
        <span style={{ flex: 1 }} />
        <button type="button" onClick={props.onClose} title="Close (Esc)">Close</button>
      </div>
      <div className="detail-body">
        {isBinary && <BinaryCharts models={models} threshold={props.threshold} onThreshold={props.onThreshold} />}
        {isCalibrated && <CalibrationCharts models={models} threshold={isBinary ? props.threshold : null} />}
        {classes.map((plot, i) => {
          const series = data.series[plot.series];
          return <ClassHeatMap key={i} label={series ? seriesName(data, series) : ""} matrices={plot.classes} />;
        })}
        {attributions.map((attribution, i) => {
          const series = data.series[attribution.series];
          return <Attributions key={i} attribution={attribution} label={series ? seriesName(data, series) : ""} />;
        })}
        {plots.length === 0 && attributions.length === 0 && (
          <p className="muted">There are no plots of this slice: ask for CalibrationPlot and ConfusionMatrixPlot in the metrics of the evaluation.</p>
        )}
      </div>
    </section>
  );
}
