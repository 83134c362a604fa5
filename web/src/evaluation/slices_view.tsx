import { useMemo, useRef, useState } from "react";
import { type EvaluationData, measured, type Series } from "../data/evaluation_data.ts";
import { useShortcuts } from "../design/use_shortcuts.ts";
import { countMetric, firstMetrics } from "../model/metrics.ts";
import { featureSets, filterSlices, makeSliceRows, type SliceFilter, type SliceOrder, sortSlices } from "../model/slice_rows.ts";
import { MetricMenu } from "./metric_menu.tsx";
import { Overview } from "./overview.tsx";
import { SliceDetail } from "./slice_detail.tsx";
import { SliceTable } from "./slice_table.tsx";

/** The table of slices, the overview beside it, and the plots of the chosen slice below. */
export function SlicesView(props: {
  data: EvaluationData;
  shown: readonly Series[];
  metric: number;
  threshold: number;
  selected: number | null;
  onMetric: (metric: number) => void;
  onThreshold: (threshold: number) => void;
  onSelect: (slice: number | null) => void;
}) {
  const { data, shown, selected, onSelect } = props;
  const [chosen, setChosen] = useState(() => firstMetrics(data));
  const [order, setOrder] = useState<SliceOrder | null>(null);
  const [filter, setFilter] = useState<SliceFilter>({ search: "", features: null, minExamples: 0, onlyFailures: false });
  const searchBox = useRef<HTMLInputElement>(null);
  const actions = useMemo(() => ({ focusSearch: () => searchBox.current?.focus(), close: () => onSelect(null) }), [onSelect]);
  useShortcuts(actions.focusSearch, actions.close);

  const rows = useMemo(() => makeSliceRows(data), [data]);
  const count = useMemo(() => countMetric(data), [data]);
  const found = useMemo(() => {
    const numExamples = (slice: number) => {
      const known = count && shown.map((series) => measured(data, slice, series.index, count.index)).find((value) => value !== undefined);
      return known?.value;
    };
    return sortSlices(data, filterSlices(rows, filter, numExamples), shown, order);
  }, [data, rows, filter, shown, order, count]);
  const metrics = useMemo(() => chosen.flatMap((index) => data.metrics[index] ?? []), [data, chosen]);
  const sets = useMemo(() => featureSets(data), [data]);
  const selectedRow = selected === null ? undefined : rows[selected];
  const hasFailures = rows.some(({ failures }) => failures.length > 0);

  return (
    <>
      <div className="toolbar" role="toolbar" aria-label="Slices shown">
        <input ref={searchBox} type="search" placeholder="Search slices  ( / )" aria-label="Search slices" value={filter.search} onChange={(event) => setFilter({ ...filter, search: event.target.value })} />
        <label className="field">
          Slices by
          <select value={filter.features ?? ""} onChange={(event) => setFilter({ ...filter, features: event.target.value === "" ? null : event.target.value })}>
            <option value="">anything</option>
            {sets.map((set) => <option key={set} value={set}>{set}</option>)}
          </select>
        </label>
        {count && (
          <label className="field">
            with at least
            <input type="number" min="0" step="10" value={filter.minExamples} style={{ width: 86 }} aria-label="Least number of examples" onChange={(event) => setFilter({ ...filter, minExamples: Number(event.target.value) })} />
            examples
          </label>
        )}
        {hasFailures && (
          <label className="check">
            <input type="checkbox" checked={filter.onlyFailures} onChange={(event) => setFilter({ ...filter, onlyFailures: event.target.checked })} />
            only failed
          </label>
        )}
        <MetricMenu data={data} chosen={chosen} onChoose={setChosen} />
        <span className="muted" role="status">{found.length === rows.length ? `${rows.length} slices` : `${found.length} of ${rows.length} slices`}</span>
      </div>
      <div className="split">
        <div className="upper">
          <div className="columns">
            <SliceTable data={data} rows={found} shown={shown} metrics={metrics} order={order} selected={selected} onOrder={setOrder} onSelect={onSelect} />
            <Overview data={data} rows={found} shown={shown} metric={props.metric} onMetric={props.onMetric} />
          </div>
        </div>
        {selectedRow && (
          <div className="lower">
            <SliceDetail data={data} row={selectedRow} shown={shown} threshold={props.threshold} onThreshold={props.onThreshold} onClose={actions.close} />
          </div>
        )}
      </div>
    </>
  );
}
