import { type ReactNode, useDeferredValue, useMemo, useRef, useState } from "react";
import type { Dataset, StatisticsData } from "../data/statistics_data.ts";
import { ThemeSwitch } from "../design/theme_switch.tsx";
import { useShortcuts } from "../design/use_shortcuts.ts";
import { type SortOrder, sortRows } from "../model/columns.ts";
import { datasetLabel, firstShown } from "../model/datasets.ts";
import { type FeatureRow, filterRows, makeRows, type RowFilter } from "../model/feature_rows.ts";
import { AnomaliesView } from "./anomalies_view.tsx";
import { DatasetPicker } from "./dataset_picker.tsx";
import { FeatureDetail } from "./feature_detail.tsx";
import { FeatureTable } from "./feature_table.tsx";
import { Toolbar } from "./toolbar.tsx";
import { FIRST_VIEW, type ViewOptions } from "./view_options.ts";

type Tab = "features" | "anomalies";

function countProblems(data: StatisticsData): { errors: number; warnings: number } {
  const listed = data.anomalies?.listed ?? [];
  const errors = listed.filter(({ severity }) => severity === "ERROR").length;
  return { errors, warnings: listed.length - errors };
}

function Tabs({ data, tab, onTab }: { data: StatisticsData; tab: Tab; onTab: (tab: Tab) => void }) {
  const { errors, warnings } = countProblems(data);
  return (
    <span className="tabs" role="tablist">
      <button type="button" role="tab" aria-selected={tab === "anomalies"} onClick={() => onTab("anomalies")}>
        Anomalies {errors > 0 && <span className="badge error">{errors}</span>} {warnings > 0 && <span className="badge warning">{warnings}</span>}
        {errors + warnings === 0 && <span className="badge good">none</span>}
      </button>
      <button type="button" role="tab" aria-selected={tab === "features"} onClick={() => onTab("features")}>
        Features
      </button>
    </span>
  );
}

function Empty({ rows, datasets }: { rows: readonly FeatureRow[]; datasets: readonly Dataset[] }): ReactNode {
  if (rows.length > 0) return <div className="empty"><strong>No feature fits</strong>Change the search or the filters.</div>;
  const hasExamples = datasets.some(({ numExamples }) => numExamples > 0);
  return <div className="empty"><strong>No features</strong>{hasExamples ? "These statistics are of examples without columns." : "These statistics are of no examples."}</div>;
}

function Features({ data, selected, onSelect }: { data: StatisticsData; selected: number | null; onSelect: (feature: number | null) => void }) {
  const [shownIndices, setShown] = useState(() => firstShown(data));
  const [filter, setFilter] = useState<RowFilter>({ search: "", kind: "all", onlyAnomalies: false });
  const [view, setView] = useState<ViewOptions>(FIRST_VIEW);
  const [order, setOrder] = useState<SortOrder | null>(null);
  const search = useDeferredValue(filter.search);
  const searchBox = useRef<HTMLInputElement>(null);

  const shown = useMemo(() => shownIndices.flatMap((index) => data.datasets[index] ?? []), [data, shownIndices]);
  const labels = useMemo(() => shown.map((dataset) => datasetLabel(data, dataset)), [data, shown]);
  const rows = useMemo(() => makeRows(data, shown, view.byWeight), [data, shown, view.byWeight]);
  const found = useMemo(() => sortRows(filterRows(rows, { ...filter, search }), order), [rows, filter, search, order]);
  const hasWeights = useMemo(() => data.datasets.some(({ cells }) => cells.some((cell) => cell?.weighted)), [data]);
  const selectedRow = selected === null ? undefined : rows[selected];
  const actions = useMemo(() => ({ focusSearch: () => searchBox.current?.focus(), close: () => onSelect(null) }), [onSelect]);
  useShortcuts(actions.focusSearch, actions.close);

  return (
    <>
      <div className="toolbar">
        <DatasetPicker data={data} shown={shownIndices} onShow={setShown} />
      </div>
      <Toolbar
        filter={filter}
        view={view}
        numFound={found.length}
        numFeatures={rows.length}
        hasWeights={hasWeights}
        hasAnomalies={data.anomalies !== null}
        searchBox={searchBox}
        onFilter={setFilter}
        onView={setView}
      />
      <div className="split">
        <div className="upper">
          {found.length === 0 ? (
            <Empty rows={rows} datasets={data.datasets} />
          ) : (
            <FeatureTable
              rows={found}
              kind={filter.kind}
              numShown={shown.length}
              hasAnomalies={data.anomalies !== null}
              asShare={view.asShare}
              isLogY={view.isLogY}
              isLogX={view.isLogX}
              order={order}
              selected={selected}
              onOrder={setOrder}
              onSelect={onSelect}
            />
          )}
        </div>
        {selectedRow && (
          <div className="lower">
            <FeatureDetail data={data} row={selectedRow} labels={labels} view={view} base={shown[0]} onClose={actions.close} />
          </div>
        )}
      </div>
    </>
  );
}

/** The overview of statistics, and of a validation's anomalies where there was one. */
export function StatisticsPage({ data, title }: { data: StatisticsData; title: string }) {
  const [tab, setTab] = useState<Tab>(data.startsWithAnomalies ? "anomalies" : "features");
  const [selected, setSelected] = useState<number | null>(null);
  const open = (feature: number) => {
    setSelected(feature);
    setTab("features");
  };
  return (
    <main className="frame">
      <header className="header">
        <h1 className="text">{title}</h1>
        {data.anomalies !== null && <Tabs data={data} tab={tab} onTab={setTab} />}
        <span className="spacer" />
        <ThemeSwitch />
      </header>
      {data.notes.map((note) => <p key={note} className="notes">{note}</p>)}
      {tab === "anomalies" && data.anomalies !== null ? (
        <AnomaliesView data={data} anomalies={data.anomalies} onOpen={open} />
      ) : (
        <Features data={data} selected={selected} onSelect={setSelected} />
      )}
    </main>
  );
}
