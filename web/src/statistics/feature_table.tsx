import { type CSSProperties, type KeyboardEvent, useEffect } from "react";
import { Sparkline } from "../charts/sparkline.tsx";
import { useView } from "../design/use_view.ts";
import { CELL_COLUMNS, type CellColumn, nextOrder, type SortOrder } from "../model/columns.ts";
import type { FeatureRow, RowFilter } from "../model/feature_rows.ts";
import { NOTHING } from "../model/numbers.ts";
import { rowAfterKey, scrollToRow, visibleRows } from "../model/window.ts";

const LINE_HEIGHT = 20;
const SPARK_WIDTH = 180;

interface Column {
  readonly id: string;
  readonly label: string;
  readonly explanation: string;
  readonly width: string;
  readonly isText?: boolean;
  readonly cell?: CellColumn;
}

function columnsFor(kind: RowFilter["kind"], hasDrift: boolean, hasAnomalies: boolean): Column[] {
  const numbers = CELL_COLUMNS.filter(({ only }) => only === undefined || kind === "all" || kind === only).map((cell) => ({
    ...cell,
    cell,
    width: cell.isText ? "minmax(200px, 1fr)" : "84px",
  }));
  return [
    { id: "feature", label: "feature", explanation: "Name and type", width: "220px", isText: true },
    ...(hasAnomalies ? [{ id: "anomalies", label: "anomalies", explanation: "Broken rules of the schema", width: "112px", isText: false }] : []),
    { id: "distribution", label: "distribution", explanation: "Sorts by how unevenly the values are spread", width: `${SPARK_WIDTH + 20}px`, isText: true },
    ...(hasDrift
      ? [{ id: "drift", label: "drift", explanation: "Jensen-Shannon divergence from the first dataset: 0 equal, 1 disjoint", width: "84px" }]
      : []),
    ...numbers,
  ];
}

function Header(props: { columns: readonly Column[]; order: SortOrder | null; onOrder: (order: SortOrder | null) => void }) {
  return (
    <div className="head" role="row">
      {props.columns.map(({ id, label, explanation, isText }) => {
        const isSorted = props.order?.column === id;
        const direction = props.order?.isDescending ? "descending" : "ascending";
        return (
          <div
            key={id}
            role="columnheader"
            className={`${isText ? "start" : ""} ${id === "feature" ? "sticky" : ""}`}
            {...(isSorted ? { "aria-sort": direction } : {})}
          >
            <button type="button" title={explanation} onClick={() => props.onOrder(nextOrder(props.order, id, isText === true && id !== "distribution"))}>
              {label}
              {isSorted ? (props.order?.isDescending ? " ↓" : " ↑") : ""}
            </button>
          </div>
        );
      })}
    </div>
  );
}

function AnomalyBadge({ row }: { row: FeatureRow }) {
  if (row.anomalies.length === 0) return null;
  const reasons = row.anomalies.flatMap((anomaly) => anomaly.reasons);
  const isError = row.anomalies.some((anomaly) => anomaly.severity === "ERROR");
  const noun = isError ? "error" : "warning";
  return (
    <span className={`badge ${noun}`} title={reasons.map(({ what, explanation }) => `${what}: ${explanation}`).join("\n")}>
      {reasons.length} {noun}
      {reasons.length > 1 ? "s" : ""}
    </span>
  );
}

function Drift({ row }: { row: FeatureRow }) {
  return (
    <div className="lines">
      <span className="muted">{NOTHING}</span>
      {row.drift.map((distance, i) => (
        <span key={i}>{distance?.jensenShannon?.toFixed(4) ?? NOTHING}</span>
      ))}
    </div>
  );
}

function Numbers({ row, column, asShare }: { row: FeatureRow; column: CellColumn; asShare: boolean }) {
  return (
    <div className="lines">
      {row.cells.map((cell, i) => {
        if (cell === null) return <span key={i} className="muted">{NOTHING}</span>;
        const text = column.format(cell, asShare);
        const className = column.isAlarming?.(cell) ? "alarm" : text === NOTHING ? "muted" : column.isText ? "text" : "";
        return <span key={i} className={className} title={column.isText ? text : undefined}>{text}</span>;
      })}
    </div>
  );
}

interface RowProps {
  row: FeatureRow;
  columns: readonly Column[];
  position: number;
  height: number;
  isSelected: boolean;
  asShare: boolean;
  isLogY: boolean;
  isLogX: boolean;
  onSelect: () => void;
}

function Row({ row, columns, position, height, isSelected, asShare, isLogY, isLogX, onSelect }: RowProps) {
  const style: CSSProperties = { top: position * height, height };
  return (
    <div className="row" role="row" id={`row-${position}`} aria-rowindex={position + 2} aria-selected={isSelected} style={style} onClick={onSelect}>
      {columns.map((column) => {
        if (column.id === "feature")
          return (
            <div key={column.id} role="rowheader" className="start sticky">
              <div className="feature-name text" title={row.name}>{row.name}</div>
              <div className="feature-kind">{row.type}</div>
            </div>
          );
        if (column.id === "distribution")
          return (
            <div key={column.id} role="gridcell" className="start">
              <Sparkline cells={row.cells} isLogY={isLogY} isLogX={isLogX} width={SPARK_WIDTH} height={height - 14} />
            </div>
          );
        return (
          <div key={column.id} role="gridcell" className={column.isText ? "start" : ""}>
            {column.id === "drift" && <Drift row={row} />}
            {column.id === "anomalies" && <AnomalyBadge row={row} />}
            {column.cell && <Numbers row={row} column={column.cell} asShare={asShare} />}
          </div>
        );
      })}
    </div>
  );
}

/**
 * The features as a table of which only the rows in view are drawn. Arrow keys, Page, Home and End move the
 * selection.
 */
export function FeatureTable(props: {
  rows: readonly FeatureRow[];
  kind: RowFilter["kind"];
  numShown: number;
  hasAnomalies: boolean;
  asShare: boolean;
  isLogY: boolean;
  isLogX: boolean;
  order: SortOrder | null;
  selected: number | null;
  onOrder: (order: SortOrder | null) => void;
  onSelect: (feature: number | null) => void;
}) {
  const { rows, selected, onSelect } = props;
  const { box, view } = useView();
  const columns = columnsFor(props.kind, props.numShown > 1, props.hasAnomalies);
  const rowHeight = Math.max(44, props.numShown * LINE_HEIGHT + 12);
  const position = rows.findIndex((row) => row.feature === selected);
  const { first, end } = visibleRows(rows.length, rowHeight, view.top, view.height);
  const headHeight = 34;
  useEffect(() => {
    const element = box.current;
    if (element && position >= 0) element.scrollTop = scrollToRow(position, rowHeight, element.scrollTop, element.clientHeight - headHeight);
  }, [box, position, rowHeight]);
  const onKeyDown = (event: KeyboardEvent) => {
    const perPage = Math.max(1, Math.floor(view.height / rowHeight) - 1);
    const target = rowAfterKey(event.key, position, rows.length, perPage);
    if (target === null) return;
    event.preventDefault();
    onSelect(rows[target]?.feature ?? null);
  };
  const style = { "--columns": columns.map(({ width }) => width).join(" ") } as CSSProperties;
  return (
    <div
      ref={box}
      className="scroll"
      role="grid"
      aria-label="Features"
      aria-rowcount={rows.length + 1}
      aria-activedescendant={position >= 0 ? `row-${position}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <div className="grid" style={style}>
        <Header columns={columns} order={props.order} onOrder={props.onOrder} />
        <div className="body" role="rowgroup" style={{ height: rows.length * rowHeight }}>
          {rows.slice(first, end).map((row, i) => (
            <Row
              key={row.feature}
              row={row}
              columns={columns}
              position={first + i}
              height={rowHeight}
              isSelected={first + i === position}
              asShare={props.asShare}
              isLogY={props.isLogY}
              isLogX={props.isLogX}
              onSelect={() => onSelect(row.feature === selected ? null : row.feature)}
            />
          ))}
        </div>
      </div>
    </div>
  );
}
