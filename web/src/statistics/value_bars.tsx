import type { Cell } from "../data/statistics_data.ts";
import { seriesColour } from "../design/series.ts";
import { formatCount, formatShare, visibleText } from "../model/numbers.ts";

const MAX_VALUES = 60;

/** The most frequent values of a feature with a bar per dataset. */
export function ValueBars({ cells, asShare }: { cells: readonly (Cell | null)[]; asShare: boolean }) {
  const counts = cells.map((cell) => new Map(cell?.listed.map(({ text, count }) => [text, count])));
  const base = cells.find((cell) => cell !== null && cell.listed.length > 0);
  const texts = base?.listed.slice(0, MAX_VALUES).map(({ text }) => text) ?? [];
  for (const cell of cells) {
    // What is frequent only in another dataset is what one looks for.
    for (const { text } of cell?.listed.slice(0, 20) ?? []) if (!texts.includes(text)) texts.push(text);
  }
  const shares = cells.map((cell, i) => texts.map((text) => (counts[i]?.get(text) ?? 0) / (cell?.totalValues || 1)));
  const greatest = Math.max(...shares.flat(), 1e-12);
  const unique = base?.unique ?? texts.length;
  return (
    <div className="figure" style={{ flex: "1 1 380px", maxWidth: 520 }}>
      <h3>Most frequent values</h3>
      <div className="values-scroll" tabIndex={0} role="region" aria-label="Most frequent values">
        <table className="values">
          <tbody>
            {texts.map((text, row) => (
              <tr key={text}>
                <td className="value text">{text === "" ? <span className="muted">(empty)</span> : visibleText(text)}</td>
                <td className="bars">
                  {cells.map((_, i) => (
                    <div key={i} className="bar" style={{ background: seriesColour(i), width: `${(100 * (shares[i]?.[row] ?? 0)) / greatest}%` }} />
                  ))}
                </td>
                <td className="amount">
                  {cells.map((cell, i) => {
                    const count = counts[i]?.get(text) ?? 0;
                    return <div key={i}>{asShare ? formatShare(count, cell?.totalValues ?? 0) : formatCount(count)}</div>;
                  })}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {unique > texts.length && <p className="muted">and {formatCount(unique - texts.length)} more</p>}
      </div>
    </div>
  );
}
