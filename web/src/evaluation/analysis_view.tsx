import { useMemo, useState } from "react";
import { contributionsChart, dependenceChart, importanceChart } from "../charts/analysis_charts.ts";
import { PlotFigure } from "../charts/plot_figure.tsx";
import type { Analysis, EvaluationData } from "../data/evaluation_data.ts";
import { formatNumber, visibleText } from "../model/numbers.ts";

const tidy = (value: number) => formatNumber(Number(value.toPrecision(4)));

function Importance({ importance }: { importance: NonNullable<Analysis["importance"]> }) {
  const options = useMemo(() => importanceChart(importance), [importance]);
  return <PlotFigure title={`Permutation importance (${visibleText(importance.metric)} ${tidy(importance.value)})`} description="Change of the metric when a column is permuted" options={options} />;
}

function Contributions({ contributions }: { contributions: NonNullable<Analysis["contributions"]> }) {
  const options = useMemo(() => contributionsChart(contributions), [contributions]);
  return <PlotFigure title={`Contributions of features (expected ${visibleText(contributions.unit)} ${tidy(contributions.expected)})`} description="Mean absolute SHAP values as bars, single examples as dots" options={options} />;
}

function Dependence({ dependence }: { dependence: Analysis["dependences"][number] }) {
  const options = useMemo(() => dependenceChart(dependence), [dependence]);
  return <PlotFigure title={`By ${visibleText(dependence.column)}`} description="Mean prediction where all examples have the value; thin lines are single examples" options={options} />;
}

/** What the predictions of a model depend on. */
export function AnalysisView({ data }: { data: EvaluationData }) {
  const analyzed = data.evaluations.filter(({ analysis }) => analysis !== null);
  const [chosen, choose] = useState(0);
  const analysis = analyzed[chosen]?.analysis;
  if (!analysis) return null;
  return (
    <div className="scroll" style={{ padding: 16 }} tabIndex={0} role="region" aria-label="Analysis">
      <div style={{ display: "flex", gap: 14, marginBottom: 12, alignItems: "center" }}>
        {analyzed.length > 1 && <label className="field">Evaluation<select value={chosen} onChange={(event) => choose(Number(event.target.value))}>{analyzed.map(({ name }, i) => <option key={i} value={i}>{visibleText(name)}</option>)}</select></label>}
        <span className="muted">{formatNumber(analysis.numExamples)} examples</span>
      </div>
      <div className="detail-body" style={{ display: "flex", flexWrap: "wrap", gap: 16 }}>
        {analysis.importance && <Importance importance={analysis.importance} />}
        {analysis.contributions && <Contributions contributions={analysis.contributions} />}
        {analysis.dependences.map((dependence, i) => <Dependence key={i} dependence={dependence} />)}
      </div>
    </div>
  );
}
