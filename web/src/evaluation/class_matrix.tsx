import { useState } from "react";
import type { ClassMatrix } from "../data/evaluation_data.ts";
import { formatCompact, formatNumber } from "../model/numbers.ts";

const MAX_CLASSES = 30;

/** Who was what and was taken for what: a heat map, each row shaded by its own sum. */
export function ClassHeatMap({ label, matrices }: { label: string; matrices: readonly ClassMatrix[] }) {
  const [chosen, setChosen] = useState(0);
  const matrix = matrices[Math.min(chosen, matrices.length - 1)];
  if (!matrix) return null;
  const classes = [...new Set(matrix.entries.flatMap(({ actual, predicted }) => [actual, predicted]))].sort((a, b) => a - b);
  const actual = classes.filter((one) => one >= 0).slice(0, MAX_CLASSES);
  const predicted = classes.slice(0, MAX_CLASSES);
  const weights = new Map(matrix.entries.map((entry) => [`${entry.actual} ${entry.predicted}`, entry.weight]));
  const weight = (row: number, column: number) => weights.get(`${row} ${column}`) ?? 0;
  return (
    <div className="figure">
      <h3 className="text">Classes: {label}</h3>
      {matrices.length > 1 && (
        <label className="field" style={{ marginBottom: 8 }}>
          threshold
          <select value={chosen} onChange={(event) => setChosen(Number(event.target.value))}>
            {matrices.map(({ threshold }, i) => <option key={i} value={i}>{formatNumber(threshold)}</option>)}
          </select>
        </label>
      )}
      <table className="classes">
        <thead><tr><th>actual ╲ predicted</th>{predicted.map((one) => <th key={one} scope="col">{one < 0 ? "none" : one}</th>)}</tr></thead>
        <tbody>
          {actual.map((row) => {
            const all = predicted.reduce((sum, column) => sum + weight(row, column), 0);
            return (
              <tr key={row}>
                <th scope="row">{row}</th>
                {predicted.map((column) => (
                  <td key={column} className={row === column ? "right" : "wrong"} title={`${row} taken for ${column}: ${formatNumber(weight(row, column))}`} style={{ "--strength": `${Math.round(80 * (all > 0 ? weight(row, column) / all : 0))}%` } as React.CSSProperties}>
                    {formatCompact(weight(row, column))}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
      {classes.length > MAX_CLASSES && <p className="muted">the first {MAX_CLASSES} of {classes.length} classes</p>}
    </div>
  );
}
