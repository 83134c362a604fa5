import { useState } from "react";
import type { Anomalies, Measurement, StatisticsData } from "../data/statistics_data.ts";
import { featureName, formatNumber } from "../model/numbers.ts";
import { AnomalyCard } from "./anomaly_card.tsx";

const MAX_CARDS = 200;

function Measurements({ data, measurements, onOpen }: { data: StatisticsData; measurements: readonly Measurement[]; onOpen: (feature: number) => void }) {
  if (measurements.length === 0) return null;
  const sorted = [...measurements].sort((a, b) => b.value - b.threshold - (a.value - a.threshold));
  return (
    <section>
      <h2 style={{ fontSize: 14, margin: "18px 0 6px" }}>Distances measured</h2>
      <table className="plain">
        <thead>
          <tr><th>feature</th><th>against</th><th>distance</th><th>value</th><th>limit</th><th /></tr>
        </thead>
        <tbody>
          {sorted.map((measurement, i) => {
            const isOver = measurement.value > measurement.threshold;
            return (
              <tr key={i}>
                <td><button type="button" className="text" onClick={() => onOpen(measurement.feature)}>{featureName(data.features[measurement.feature] ?? [])}</button></td>
                <td>{measurement.against}</td>
                <td>{measurement.distance.replaceAll("_", " ").toLowerCase()}</td>
                <td className={isOver ? "alarm" : ""}>{formatNumber(measurement.value)}</td>
                <td>{formatNumber(measurement.threshold)}</td>
                <td><span className={`badge ${isOver ? "error" : "good"}`}>{isOver ? "over" : "within"}</span></td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

/** The anomalies of a validation, errors first, each leading to its feature. */
export function AnomaliesView(props: { data: StatisticsData; anomalies: Anomalies; onOpen: (feature: number) => void }) {
  const { data, anomalies, onOpen } = props;
  const [search, setSearch] = useState("");
  const named = anomalies.listed.map((anomaly) => ({
    anomaly,
    name: anomaly.feature === null ? "(dataset)" : featureName(data.features[anomaly.feature] ?? []),
  }));
  const words = search.toLowerCase().split(/\s+/);
  const found = named.filter(({ anomaly, name }) => {
    const text = [name, ...anomaly.reasons.flatMap(({ type, what, explanation }) => [type, what, explanation])].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return (
    <div className="scroll" style={{ padding: 16 }} tabIndex={0} role="region" aria-label="Anomalies">
      <div style={{ maxWidth: 1100, margin: "0 auto" }}>
        {anomalies.dataMissing && <p className="alarm">There are no examples.</p>}
        {named.length === 0 && !anomalies.dataMissing && (
          <div className="empty"><strong>No anomalies</strong>The statistics keep every rule of the schema.</div>
        )}
        {named.length > 8 && (
          <p style={{ marginBottom: 10 }}>
            <input type="search" placeholder="Search anomalies" aria-label="Search anomalies" value={search} onChange={(event) => setSearch(event.target.value)} />{" "}
            <span className="muted">{found.length} of {named.length}</span>
          </p>
        )}
        <ul className="anomalies">
          {found.slice(0, MAX_CARDS).map(({ anomaly, name }, i) => {
            const feature = anomaly.feature;
            return <AnomalyCard key={i} anomaly={anomaly} name={name} onOpen={feature === null ? undefined : () => onOpen(feature)} />;
          })}
        </ul>
        {found.length > MAX_CARDS && <p className="muted">and {found.length - MAX_CARDS} more: search for them</p>}
        <Measurements data={data} measurements={anomalies.measurements} onOpen={onOpen} />
      </div>
    </div>
  );
}
