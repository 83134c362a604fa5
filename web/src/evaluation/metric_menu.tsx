import { useState } from "react";
import type { EvaluationData } from "../data/evaluation_data.ts";
import { Menu } from "../design/menu.tsx";
import { metricName } from "../model/metrics.ts";

const MAX_LISTED = 300;

/** Which metrics are columns of the table. */
export function MetricMenu({ data, chosen, onChoose }: { data: EvaluationData; chosen: readonly number[]; onChoose: (chosen: number[]) => void }) {
  const [search, setSearch] = useState("");
  const found = data.metrics.filter((metric) => metricName(metric).toLowerCase().includes(search.toLowerCase())).slice(0, MAX_LISTED);
  const toggle = (index: number) => onChoose(chosen.includes(index) ? chosen.filter((other) => other !== index) : [...chosen, index]);
  return (
    <Menu label={`Metrics (${chosen.length} of ${data.metrics.length})`}>
      <input type="search" placeholder="Find a metric" aria-label="Find a metric" value={search} onChange={(event) => setSearch(event.target.value)} />
      {found.map((metric) => (
        <label key={metric.index} className="check">
          <input type="checkbox" checked={chosen.includes(metric.index)} onChange={() => toggle(metric.index)} />
          <span className="text">{metricName(metric)}</span>
        </label>
      ))}
    </Menu>
  );
}
