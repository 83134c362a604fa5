import { useMemo, useState } from "react";
import type { EvaluationData } from "../data/evaluation_data.ts";
import { seriesColour } from "../design/series.ts";
import { ThemeSwitch } from "../design/theme_switch.tsx";
import { MAX_SHOWN, toggleShown } from "../model/datasets.ts";
import { firstSeries, mainMetric, seriesName } from "../model/metrics.ts";
import { AnalysisView } from "./analysis_view.tsx";
import { ChecksView } from "./checks_view.tsx";
import { FairnessView } from "./fairness_view.tsx";
import { HistoryView } from "./history_view.tsx";
import { SlicesView } from "./slices_view.tsx";

type Tab = "slices" | "fairness" | "checks" | "history" | "analysis";

function Verdict({ data }: { data: EvaluationData }) {
  const validations = data.evaluations.flatMap(({ validation }) => validation ?? []);
  if (validations.length !== 1) return null;
  return validations[0]?.isBlessed ? <span className="badge good">blessed</span> : <span className="badge error">not blessed</span>;
}

function Tabs({ data, tab, onTab }: { data: EvaluationData; tab: Tab; onTab: (tab: Tab) => void }) {
  const numFailures = data.evaluations.reduce((sum, { validation }) => sum + (validation ? validation.failures.length + validation.missingSlices.length : 0), 0);
  const tabs: { id: Tab; label: string; isThere: boolean }[] = [
    { id: "slices", label: "Slices", isThere: true },
    { id: "fairness", label: "Fairness", isThere: data.plots.some(({ thresholds }) => thresholds.length > 0) },
    { id: "checks", label: "Thresholds", isThere: data.evaluations.some(({ validation }) => validation !== null) },
    { id: "history", label: "Over time", isThere: data.evaluations.length > 1 },
    { id: "analysis", label: "Analysis", isThere: data.evaluations.some(({ analysis }) => analysis !== null) },
  ];
  return (
    <span className="tabs" role="tablist">
      {tabs.filter(({ isThere }) => isThere).map(({ id, label }) => (
        <button key={id} type="button" role="tab" aria-selected={tab === id} onClick={() => onTab(id)}>
          {label} {id === "checks" && numFailures > 0 && <span className="badge error">{numFailures}</span>}
        </button>
      ))}
    </span>
  );
}

/** Evaluations of one or several models: slices and their metrics, plots, fairness, thresholds, history. */
export function EvaluationPage({ data, title }: { data: EvaluationData; title: string }) {
  const [tab, setTab] = useState<Tab>("slices");
  const [shownIndices, setShown] = useState(() => firstSeries(data, MAX_SHOWN));
  const [metric, setMetric] = useState(() => mainMetric(data));
  const [threshold, setThreshold] = useState(0.5);
  const [selected, setSelected] = useState<number | null>(null);
  const shown = useMemo(() => shownIndices.flatMap((index) => data.series[index] ?? []), [data, shownIndices]);
  const open = (slice: number) => {
    setSelected(slice);
    setTab("slices");
  };
  const listed = [...shownIndices, ...data.series.map(({ index }) => index).filter((index) => !shownIndices.includes(index))];
  return (
    <main className="frame">
      <header className="header">
        <h1 className="text">{title}</h1>
        <Verdict data={data} />
        <Tabs data={data} tab={tab} onTab={setTab} />
        <span className="spacer" />
        <ThemeSwitch />
      </header>
      {data.notes.map((note) => <p key={note} className="notes">{note}</p>)}
      {data.series.length > 1 && (
        <div className="toolbar">
          <div className="datasets" role="group" aria-label="Models">
            {listed.map((index) => {
              const series = data.series[index];
              if (!series) return null;
              const position = shownIndices.indexOf(index);
              return (
                <button key={index} type="button" className="chip" aria-pressed={position >= 0} onClick={() => setShown(toggleShown(shownIndices, index))}>
                  <span className="swatch" style={position >= 0 ? { background: seriesColour(position) } : undefined} />
                  <span className="name text">{seriesName(data, series)}</span>
                </button>
              );
            })}
          </div>
        </div>
      )}
      {data.slices.length === 0 && <div className="empty"><strong>No slices</strong>This evaluation measured nothing.</div>}
      {data.slices.length > 0 && tab === "slices" && (
        <SlicesView data={data} shown={shown} metric={metric} threshold={threshold} selected={selected} onMetric={setMetric} onThreshold={setThreshold} onSelect={setSelected} />
      )}
      {tab === "fairness" && <FairnessView data={data} shown={shown} threshold={threshold} onThreshold={setThreshold} />}
      {tab === "checks" && <ChecksView data={data} onOpen={open} />}
      {tab === "history" && <HistoryView data={data} metric={metric} onMetric={setMetric} selected={selected} />}
      {tab === "analysis" && <AnalysisView data={data} />}
    </main>
  );
}
