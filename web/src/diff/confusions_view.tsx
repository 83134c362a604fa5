import type { DiffData } from "../data/diff_data.ts";
import { formatCount, visibleText } from "../model/numbers.ts";

const MAX_ROWS = 200;

/** Which values of one dataset became which in the other. */
export function ConfusionsView({ data }: { data: DiffData }) {
  const features = [...new Set(data.confusions.map(({ feature }) => feature))];
  return (
    <div className="scroll pairs" tabIndex={0} role="region" aria-label="Values">
      {features.map((feature) => {
        const counts = data.confusions.filter((confusion) => confusion.feature === feature);
        return (
          <section key={feature} className="card pair">
            <h2 style={{ fontSize: 15, marginBottom: 6 }} className="text">{visibleText(feature)}</h2>
            <table className="plain">
              <thead><tr><th className="text">{visibleText(data.base)}</th><th className="text">{visibleText(data.test)}</th><th>pairs</th></tr></thead>
              <tbody>
                {counts.slice(0, MAX_ROWS).map(({ base, test, count }) => (
                  <tr key={JSON.stringify([base, test])}>
                    <td className="text">{visibleText(base)}</td>
                    <td className={base === test ? "text" : "text alarm"}>{visibleText(test)}</td>
                    <td>{formatCount(count)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
            {counts.length > MAX_ROWS && <p className="muted">{formatCount(counts.length - MAX_ROWS)} rarer ones are not shown.</p>}
          </section>
        );
      })}
    </div>
  );
}
