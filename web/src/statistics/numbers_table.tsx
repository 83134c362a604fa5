import type { Cell } from "../data/statistics_data.ts";
import { seriesColour } from "../design/series.ts";
import type { Distances } from "../model/distance.ts";
import type { FeatureRow } from "../model/feature_rows.ts";
import { infiniteCount } from "../model/histogram.ts";
import { formatCount, formatNumber, formatShare, NOTHING, visibleText } from "../model/numbers.ts";

interface Line {
  readonly label: string;
  readonly text: (cell: Cell) => string | undefined;
  readonly isAlarming?: (cell: Cell) => boolean;
}

const counted = (count: number, all: number) => `${formatCount(count)} (${formatShare(count, all)})`;
const optional = (value: number | undefined) => (value === undefined ? undefined : formatNumber(value));
const some = (value: number | undefined) => value !== undefined && value > 0;

const LINES: readonly Line[] = [
  { label: "present", text: (cell) => counted(cell.present, cell.present + cell.missing) },
  { label: "missing", text: (cell) => counted(cell.missing, cell.present + cell.missing), isAlarming: (cell) => cell.missing > 0 },
  {
    label: "values per example",
    text: (cell) =>
      cell.minValues === cell.maxValues
        ? formatCount(cell.minValues)
        : `${formatCount(cell.minValues)} to ${formatCount(cell.maxValues)}, mean ${formatNumber(cell.meanValues)}`,
  },
  { label: "values", text: (cell) => formatCount(cell.totalValues) },
  { label: "zeros", text: (cell) => (cell.zeros === undefined ? undefined : counted(cell.zeros, cell.totalValues)), isAlarming: (cell) => some(cell.zeros) && 2 * (cell.zeros ?? 0) >= cell.totalValues },
  { label: "NaN", text: (cell) => (some(cell.nan) ? counted(cell.nan ?? 0, cell.totalValues) : undefined), isAlarming: () => true },
  {
    label: "infinite",
    text: (cell) => (cell.histogram && infiniteCount(cell.histogram) > 0 ? formatCount(infiniteCount(cell.histogram)) : undefined),
    isAlarming: () => true,
  },
  { label: "mean", text: (cell) => optional(cell.mean) },
  { label: "standard deviation", text: (cell) => optional(cell.deviation) },
  { label: "least", text: (cell) => optional(cell.min) },
  { label: "median", text: (cell) => optional(cell.median) },
  { label: "greatest", text: (cell) => optional(cell.max) },
  { label: "distinct values", text: (cell) => optional(cell.unique) },
  { label: "mean length", text: (cell) => optional(cell.meanLength) },
  { label: "not UTF-8", text: (cell) => (some(cell.invalidUtf8) ? formatCount(cell.invalidUtf8 ?? 0) : undefined), isAlarming: () => true },
  { label: "bytes", text: (cell) => (cell.minBytes === undefined ? undefined : `${formatNumber(cell.minBytes)} to ${formatNumber(cell.maxBytes)}, mean ${formatNumber(cell.meanBytes)}`) },
];

function driftText(distance: Distances | null): string {
  if (distance === null) return NOTHING;
  const { jensenShannon, lInfinity } = distance;
  const parts = [];
  if (jensenShannon !== undefined) parts.push(`JS ${jensenShannon.toFixed(4)}`);
  if (lInfinity) parts.push(`L∞ ${lInfinity.distance.toFixed(4)}${lInfinity.value === "" ? "" : ` (${visibleText(lInfinity.value)})`}`);
  return parts.length === 0 ? NOTHING : parts.join(", ");
}

/** All numbers of a feature, a column per dataset. */
export function NumbersTable({ row, labels }: { row: FeatureRow; labels: readonly string[] }) {
  const lines = LINES.filter(({ text }) => row.cells.some((cell) => cell !== null && text(cell) !== undefined));
  const custom = [...new Set(row.cells.flatMap((cell) => cell?.custom.map(({ name }) => name) ?? []))];
  const levels = Math.max(...row.cells.map((cell) => cell?.levels.length ?? 0));
  return (
    <table className="plain">
      {labels.length > 1 && (
        <thead>
          <tr>
            <th />
            {labels.map((label, i) => (
              <th key={i} title={label}>
                <span className="swatch" style={{ background: seriesColour(i) }} />
              </th>
            ))}
          </tr>
        </thead>
      )}
      <tbody>
        {lines.map(({ label, text, isAlarming }) => (
          <tr key={label}>
            <th scope="row">{label}</th>
            {row.cells.map((cell, i) => (
              <td key={i} className={cell && text(cell) !== undefined && isAlarming?.(cell) ? "alarm" : ""}>
                {(cell && text(cell)) ?? NOTHING}
              </td>
            ))}
          </tr>
        ))}
        {Array.from({ length: levels }, (_, level) => (
          <tr key={`level ${level}`}>
            <th scope="row">level {level + 1}: missing; values</th>
            {row.cells.map((cell, i) => {
              const at = cell?.levels[level];
              return <td key={i}>{at ? `${formatCount(at.missing)}; ${formatCount(at.minValues)} to ${formatCount(at.maxValues)}` : NOTHING}</td>;
            })}
          </tr>
        ))}
        {row.drift.length > 0 && (
          <tr>
            <th scope="row">distance from the first</th>
            <td className="muted">{NOTHING}</td>
            {row.drift.map((distance, i) => (
              <td key={i} style={{ whiteSpace: "normal", maxWidth: 220 }} className="text">{driftText(distance)}</td>
            ))}
          </tr>
        )}
        {custom.map((name) => (
          <tr key={`custom ${name}`}>
            <th scope="row" className="text">{visibleText(name)}</th>
            {row.cells.map((cell, i) => {
              const statistic = cell?.custom.find((candidate) => candidate.name === name);
              return <td key={i} className="text">{statistic?.text === undefined ? formatNumber(statistic?.number) : visibleText(statistic.text)}</td>;
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
