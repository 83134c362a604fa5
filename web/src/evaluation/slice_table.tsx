import { type CSSProperties, type KeyboardEvent, useEffect } from "react";
import type { EvaluationData, Measured, Metric, Series } from "../data/evaluation_data.ts";
import { measured } from "../data/evaluation_data.ts";
import { useView } from "../design/use_view.ts";
import { directionOf, metricName } from "../model/metrics.ts";
import { formatMetric, formatNumber, NOTHING } from "../model/numbers.ts";
import type { SliceOrder, SliceRow } from "../model/slice_rows.ts";
import { rowAfterKey, scrollToRow, visibleRows } from "../model/window.ts";

const LINE_HEIGHT = 20;
const HEAD_HEIGHT = 34;

const HINTS = { higher: "higher is better", lower: "lower is better", one: "nearer to 1 is better", none: "" } as const;

function nextOrder(order: SliceOrder | null, column: SliceOrder["column"], isFirstDescending: boolean): SliceOrder | null {
  if (order?.column !== column) return { column, isDescending: isFirstDescending };
  return order.isDescending === isFirstDescending ? { column, isDescending: !isFirstDescending } : null;
}

function Value({ value }: { value: Measured | undefined }) {
  if (value === undefined) return <span className="muted">{NOTHING}</span>;
  if (value.message !== undefined) return <span className="alarm" title={value.message}>error</span>;
  const { lower, upper } = value;
  const interval = lower === undefined || upper === undefined ? undefined : `${formatMetric(lower)} to ${formatMetric(upper)}`;
  return (
    <span title={interval}>
      {formatMetric(value.value)}
      {interval !== undefined && <span className="interval"> ±{formatNumber(Number((((upper ?? 0) - (lower ?? 0)) / 2).toPrecision(2)))}</span>}
    </span>
  );
}

function Header(props: { metrics: readonly Metric[]; order: SliceOrder | null; onOrder: (order: SliceOrder | null) => void }) {
  const { order, onOrder } = props;
  const arrow = (column: SliceOrder["column"]) => (order?.column !== column ? "" : order.isDescending ? " ↓" : " ↑");
  const sort = (column: SliceOrder["column"]) => (order?.column === column ? ({ "aria-sort": order.isDescending ? "descending" : "ascending" } as const) : {});
  return (
    <div className="head" role="row">
      <div className="start sticky" role="columnheader" {...sort("slice")}>
        <button type="button" onClick={() => onOrder(nextOrder(order, "slice", false))}>slice{arrow("slice")}</button>
      </div>
      {props.metrics.map((metric) => (
        <div key={metric.index} role="columnheader" {...sort(metric.index)}>
          {/* The first click shows the worst slices first, of counts the largest. */}
          <button type="button" title={HINTS[directionOf(metric)]} onClick={() => onOrder(nextOrder(order, metric.index, directionOf(metric) !== "higher"))}>
            {metricName(metric)}{arrow(metric.index)}
          </button>
        </div>
      ))}
    </div>
  );
}

interface Props {
  data: EvaluationData;
  rows: readonly SliceRow[];
  shown: readonly Series[];
  metrics: readonly Metric[];
  order: SliceOrder | null;
  selected: number | null;
  onOrder: (order: SliceOrder | null) => void;
  onSelect: (slice: number | null) => void;
}

/** The slices with the chosen metrics, a line per model; only the rows in view are drawn. */
export function SliceTable(props: Props) {
  const { data, rows, shown, selected, onSelect } = props;
  const { box, view } = useView();
  const rowHeight = Math.max(34, shown.length * LINE_HEIGHT + 12);
  const position = rows.findIndex(({ slice }) => slice.index === selected);
  const { first, end } = visibleRows(rows.length, rowHeight, view.top, view.height);
  useEffect(() => {
    const element = box.current;
    if (element && position >= 0) element.scrollTop = scrollToRow(position, rowHeight, element.scrollTop, element.clientHeight - HEAD_HEIGHT);
  }, [box, position, rowHeight]);
  const onKeyDown = (event: KeyboardEvent) => {
    const target = rowAfterKey(event.key, position, rows.length, Math.max(1, Math.floor(view.height / rowHeight) - 1));
    if (target === null) return;
    event.preventDefault();
    onSelect(rows[target]?.slice.index ?? null);
  };
  const widths = props.metrics.map((metric) => `${Math.max(118, 7 * metricName(metric).length + 34)}px`);
  const style = { "--columns": ["minmax(220px, 1fr)", ...widths].join(" ") } as CSSProperties;
  return (
    <div
      ref={box}
      className="scroll"
      role="grid"
      aria-label="Slices"
      aria-rowcount={rows.length + 1}
      aria-activedescendant={position >= 0 ? `slice-${position}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <div className="grid" style={style}>
        <Header metrics={props.metrics} order={props.order} onOrder={props.onOrder} />
        <div className="body" role="rowgroup" style={{ height: rows.length * rowHeight }}>
          {rows.slice(first, end).map(({ slice, name, failures }, i) => (
            <div
              key={slice.index}
              id={`slice-${first + i}`}
              className="row"
              role="row"
              aria-rowindex={first + i + 2}
              aria-selected={slice.index === selected}
              style={{ top: (first + i) * rowHeight, height: rowHeight }}
              onClick={() => onSelect(slice.index === selected ? null : slice.index)}
            >
              <div className="start sticky" role="rowheader">
                <div className="feature-name text" title={name}>{name}</div>
                {failures.length > 0 && <div><span className="badge error" title={failures.join("\n")}>{failures.length === 1 ? failures[0] : `${failures.length} thresholds`} not kept</span></div>}
              </div>
              {props.metrics.map((metric) => (
                <div key={metric.index} role="gridcell">
                  <div className="lines">
                    {shown.map((series) => <Value key={series.index} value={measured(data, slice.index, series.index, metric.index)} />)}
                  </div>
                </div>
              ))}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}
