import type { Anomaly } from "../data/statistics_data.ts";

const BADGES = { ERROR: "error", WARNING: "warning", UNKNOWN: "" } as const;

/** One feature's broken rules, and the change of the schema that would allow them. */
export function AnomalyCard(props: { anomaly: Anomaly; name: string; onOpen?: (() => void) | undefined }) {
  const { anomaly, name, onOpen } = props;
  const kind = BADGES[anomaly.severity] ?? "";
  return (
    <li className={`anomaly ${kind}`}>
      <div className="title">
        <span className={`badge ${kind}`}>{anomaly.severity}</span>
        {onOpen ? <button type="button" className="text" onClick={onOpen}>{name}</button> : <strong className="text">{name}</strong>}
      </div>
      {anomaly.reasons.map((reason, i) => (
        <div key={i} className="reason">
          <strong>{reason.what}</strong> <span className="type">{reason.type}</span>
          <div className="text">{reason.explanation}</div>
        </div>
      ))}
      {anomaly.fixes.length > 0 && (
        <details>
          <summary>the schema that would allow it (penstock schema accept)</summary>
          {anomaly.fixes.map(({ before, after }, i) => (
            <div key={i} className="fix">
              {before !== undefined && <pre className="before" aria-label="Now in the schema">{before}</pre>}
              {after !== undefined && <pre className="after" aria-label="Proposed">{after}</pre>}
            </div>
          ))}
        </details>
      )}
    </li>
  );
}
