import type { EvaluationData } from "../data/evaluation_data.ts";
import { keyName, metricName } from "../model/metrics.ts";
import { formatMetric, formatNumber, NOTHING, visibleText } from "../model/numbers.ts";

/** Whether each evaluation's model was blessed, and which thresholds were not kept. */
export function ChecksView({ data, onOpen }: { data: EvaluationData; onOpen: (slice: number) => void }) {
  return (
    <div className="scroll" style={{ padding: 16 }} tabIndex={0} role="region" aria-label="Thresholds">
      {data.evaluations.map(({ name, validation }, i) => (
        <section key={i} className="card" style={{ maxWidth: 1000, margin: "0 auto 16px" }}>
          <h2 style={{ fontSize: 15, marginBottom: 6 }} className="text">
            {visibleText(name)}{" "}
            {validation === null ? <span className="badge">no thresholds</span> : validation.isBlessed ? <span className="badge good">blessed</span> : <span className="badge error">not blessed</span>}{" "}
            {validation?.isRubberStamp && <span className="badge warning">rubber stamp</span>}
          </h2>
          {validation?.missingSlices.map((slice) => (
            <p key={slice} className="alarm">The slice {visibleText(slice)} has a threshold, but there are no examples of it.</p>
          ))}
          {(validation?.failures.length ?? 0) > 0 && (
            <table className="plain">
              <thead><tr><th>slice</th><th>metric</th><th>model</th><th>value</th><th>limit</th><th>note</th></tr></thead>
              <tbody>
                {validation?.failures.map((failure, row) => {
                  const slice = failure.slice;
                  return (
                    <tr key={row}>
                      <td>{slice === null ? keyName(failure.sliceKey) : <button type="button" className="text" onClick={() => onOpen(slice)}>{keyName(failure.sliceKey)}</button>}</td>
                      <td className="text">{metricName(failure.metric)}</td>
                      <td className="text">{visibleText(failure.model) || NOTHING}</td>
                      <td className="alarm">{failure.value === null ? NOTHING : formatMetric(failure.value)}</td>
                      <td>{failure.limits.map(([kind, limit]) => `${kind} ${formatNumber(limit)}`).join(", ")}</td>
                      <td className="text" style={{ whiteSpace: "normal" }}>{visibleText(failure.message)}</td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          )}
        </section>
      ))}
    </div>
  );
}
